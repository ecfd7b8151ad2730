import { type Element, escapeXml, formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { DiskSpec, DomainSpec, NicSpec } from './domain-specification.ts'

export const targetOf = (disk: DiskSpec): string => `${disk.bus === 'virtio' ? 'vd' : 'sd'}${'abcdefghij'[disk.n]}`
export const macOf = (nic: NicSpec): string => `52:54:00:fa:00:${nic.n.toString(16).padStart(2, '0')}`

const attribute = (name: string, value: string | number | undefined): string =>
  value === undefined ? '' : ` ${name}='${escapeXml(String(value))}'`

function diskXml(disk: DiskSpec, order: number | undefined): string {
  const file = `/var/lib/vfproperty/${disk.n}.${disk.device === 'cdrom' ? 'iso' : disk.format}`
  const format = disk.device === 'cdrom' ? 'raw' : disk.format
  return `<disk type='file' device='${disk.device}'><driver name='qemu' type='${format}'${attribute('cache', disk.cache)}/>
    <source file='${file}'/><target dev='${targetOf(disk)}' bus='${disk.bus}'/>${disk.serial ? `<serial>s-${disk.n}</serial>` : ''}
    ${disk.device === 'cdrom' ? '<readonly/>' : ''}${order === undefined ? '' : `<boot order='${order}'/>`}</disk>`
}

function nicXml(nic: NicSpec): string {
  return `<interface type='${nic.kind}'><mac address='${macOf(nic)}'/><source ${nic.kind}='${nic.source}'/>
    <model type='${nic.model}'/>${nic.link === undefined ? '' : `<link state='${nic.link}'/>`}</interface>`
}

function cpuXml(cpu: string | undefined): string {
  if (cpu === undefined) return ''
  if (cpu === 'host-model' || cpu === 'maximum') return `<cpu mode='${cpu}'/>`
  return `<cpu mode='custom' match='exact'><model>${cpu}</model></cpu>`
}

/** The definition as somebody might write it: in any order, with other units and letter case. */
export function spelled(name: string, uuid: string, spec: DomainSpec): string {
  const memory = [
    `<memory unit='MiB'>${spec.memoryMiB}</memory>`,
    `<memory>${spec.memoryMiB * 1024}</memory>`,
    `<memory unit='b'>${spec.memoryMiB * 1024 * 1024}</memory>`,
  ][spec.spelling % 3]
  const tuning = [
    spec.shares === undefined ? '' : `<shares>${spec.shares}</shares>`,
    ...spec.pins.map((pin) => `<vcpupin vcpu='${pin}' cpuset='${spec.spelling % 2 === 0 ? '0,1' : '0-1'}'/>`),
  ].join('')
  const parts = [
    `<name>${name}</name>`,
    `<uuid>${spec.spelling % 2 === 0 ? uuid : uuid.toUpperCase().replaceAll('-', '')}</uuid>`,
    memory ?? '',
    `<vcpu${attribute('current', spec.current)}>${spec.vcpus}</vcpu>`,
    `<os><type arch='x86_64' machine='${spec.machine}'>hvm</type>${spec.boot === 'classes' ? "<boot dev='cdrom'/><boot dev='hd'/>" : ''}</os>`,
    spec.features.length === 0 ? '' : `<features>${spec.features.map((f) => `<${f}/>`).join('')}</features>`,
    cpuXml(spec.cpu),
    spec.title === undefined ? '' : `<title>${escapeXml(spec.title)}</title>`,
    tuning === '' ? '' : `<cputune>${tuning}</cputune>`,
    spec.metadata ? "<metadata><own:note xmlns:own='urn:own' by='us'><own:line>1</own:line></own:note></metadata>" : '',
    `<devices>${[
      ...spec.disks.map((d, i) => diskXml(d, spec.boot === 'order' ? i + 1 : undefined)),
      ...spec.nics.map(nicXml),
      ...spec.channels.map((c) => `<channel type='unix'><target type='virtio' name='${c}'/></channel>`),
      ...spec.others,
    ].join('')}</devices>`,
  ]
  const xml = parseXml(`<domain type='qemu'>${parts.join('')}</domain>`)
  return formatXml(shuffled(xml, spec.spelling))
}

const IN_ORDER = new Set(['os', 'metadata', 'source'])

/** The same elements in another order, where order says nothing. */
function shuffled(element: Element, seed: number): Element {
  const children = element.children.map((c, i) => shuffled(c, seed + i))
  if (IN_ORDER.has(element.name) || children.length < 2) return { ...element, children }
  const turn = seed % children.length
  const turned = [...children.slice(turn), ...children.slice(0, turn)]
  return { ...element, children: seed % 2 === 0 ? turned : turned.reverse() }
}
