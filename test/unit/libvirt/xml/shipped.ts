import { readFile } from 'node:fs/promises'
import type { JsonObject } from '../../../../core/events/json.ts'
import { defaultEnvironment, fromJson, templateFile, type Value } from '../../../../core/language/index.ts'

const disk = (name: string, more: JsonObject = {}): JsonObject => ({
  source: `/var/lib/libvirt/images/${name}`,
  ...more,
})

/** Uses of the shipped template that real libvirts were given: shape of dumps/, and its variables besides the name. */
export const shipped: Readonly<Record<string, JsonObject>> = {
  'template-plain': {},
  'template-server': {
    uuid: '5d1b3a52-8f47-4f6e-9d5c-1f2e3d4c5b6a',
    memory_mib: 96,
    vcpus: 2,
    disks: [disk('a.qcow2'), disk('b.raw', { format: 'raw', target: 'sdb', bus: 'scsi' })],
    interfaces: [{ mac: '52:54:00:AB:00:01' }, { mac: '52:54:00:ab:00:02', bridge: 'br0', model: 'e1000e' }],
    seed: '/var/lib/libvirt/images/a.iso',
    vnc: true,
  },
  'template-passthrough': { cpu: 'host-passthrough', agent: false, hotplug: 0 },
  'template-emulated': {
    acceleration: 'tcg',
    memory_mib: 64,
    disks: [disk('a.qcow2', { cache: 'writeback', readonly: true })],
    interfaces: [{ mac: '52:54:00:ab:00:03', network: 'default' }],
  },
  'template-emulated-q35': {
    acceleration: 'tcg',
    machine: 'q35',
    cpu: 'maximum',
    memory_mib: 64,
    disks: [disk('a.iso', { device: 'cdrom', format: 'raw', target: 'sdb', bus: 'sata' })],
  },
  'template-kernel': {
    acceleration: 'tcg',
    memory_mib: 64,
    kernel: '/var/lib/libvirt/images/kernel',
    initrd: '/var/lib/libvirt/images/kernel',
    cmdline: 'console=ttyS0 name=a&b',
  },
}

/** The definition that templates/domain.xml.njk gives for these variables. */
export async function renderShipped(variables: JsonObject): Promise<string> {
  const source = await readFile(new URL('../../../../templates/domain.xml.njk', import.meta.url), 'utf8')
  const values = new Map<string, Value>()
  for (const [name, value] of Object.entries(variables)) if (value !== undefined) values.set(name, fromJson(value))
  const scope = {
    get: (name: string) => values.get(name),
    names: () => values.keys(),
    environment: defaultEnvironment(),
  }
  const text = await templateFile(`#jinja2: lstrip_blocks: True\n${source}`, 'domain.xml.njk').evaluateAsync(scope)
  return String(text)
}
