import { expect } from 'chai'
import fc from 'fast-check'
import { diffXml } from '../../../core/libvirt/xml/diff.ts'
import { type Element, formatXml, parseXml, XmlError } from '../../../core/libvirt/xml/element.ts'
import { lintDomain } from '../../../core/libvirt/xml/lint.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import { parseSize } from '../../../core/libvirt/xml/units.ts'

interface Spec {
  memoryMiB: number
  vcpus: number
  disks: { file: string; bus: string }[]
  nics: number[]
}

const spec: fc.Arbitrary<Spec> = fc.record({
  memoryMiB: fc.integer({ min: 1, max: 4096 }),
  vcpus: fc.integer({ min: 1, max: 16 }),
  disks: fc.array(
    fc.record({ file: fc.stringMatching(/^\/[a-z&<'" ]{1,8}$/), bus: fc.constantFrom('virtio', 'scsi') }),
    { maxLength: 5 },
  ),
  nics: fc.uniqueArray(fc.integer({ min: 0, max: 0xffff }), { maxLength: 4 }),
})

const element = (name: string, attributes: Record<string, string>, children: Element[] = [], text = ''): Element => ({
  name,
  attributes,
  children,
  text,
  line: 1,
})

function build(s: Spec, unit: 'KiB' | 'MiB', upper = false): Element {
  const disks = s.disks.map((d, i) =>
    element('disk', { type: 'file' }, [
      element('source', { file: d.file }),
      element('target', { dev: `vd${'abcdef'[i]}`, bus: d.bus }),
    ]),
  )
  const nics = s.nics.map((n) => {
    const mac = `52:54:00:ab:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`
    return element('interface', { type: 'network' }, [
      element('mac', { address: upper ? mac.toUpperCase() : mac }),
      element('source', { network: 'n' }),
    ])
  })
  const memory = unit === 'MiB' ? s.memoryMiB : s.memoryMiB * 1024
  return element('domain', { type: 'kvm' }, [
    element('name', {}, [], 'v'),
    element('memory', { unit }, [], String(memory)),
    element('vcpu', {}, [], String(s.vcpus)),
    element('devices', {}, [...disks, ...nics]),
  ])
}

/** What libvirt makes of it: order of devices reversed, more of everything, other units. */
function asLibvirtKeepsIt(s: Spec): Element {
  const base = build(s, 'KiB', true)
  const children = base.children.map((c) =>
    c.name === 'devices'
      ? {
          ...c,
          children: [
            element('controller', { type: 'usb', index: '0' }),
            ...[...c.children]
              .reverse()
              .map((d) => ({ ...d, children: [...d.children].reverse().concat(element('alias', { name: 'x' })) })),
          ],
        }
      : c,
  )
  return { ...base, children: [element('uuid', {}, [], 'f1b3b4ee-0000-4000-8000-000000000001'), ...children.reverse()] }
}

describe('domain XML by meaning', () => {
  it('finds no difference in order, units, letter case and what was added', () => {
    fc.assert(
      fc.property(spec, (s) => {
        expect(diffXml(build(s, 'MiB'), asLibvirtKeepsIt(s))).to.deep.equal([])
      }),
    )
  })

  it('finds exactly the edit that was made', () => {
    fc.assert(
      fc.property(spec, (s) => {
        const actual = asLibvirtKeepsIt(s)
        const paths = (edited: Spec) => diffXml(build(edited, 'MiB'), actual).map((d) => d.path)
        expect(paths({ ...s, memoryMiB: s.memoryMiB + 1 })).to.deep.equal(['memory'])
        expect(paths({ ...s, vcpus: s.vcpus + 1 })).to.deep.equal(['vcpu'])
        for (const i of s.disks.keys()) {
          const disks = s.disks.map((d, j) => (i === j ? { ...d, file: `${d.file}x` } : d))
          expect(paths({ ...s, disks })).to.deep.equal([`devices.disk[vd${'abcdef'[i]}].source.file`])
        }
        const added = { ...s, disks: [...s.disks, { file: '/new', bus: 'virtio' }] }
        expect(paths(added)).to.deep.equal([`devices.disk[vd${'abcdef'[s.disks.length]}]`])
      }),
    )
  })

  it('merges so that nothing differs any more and nothing is lost', () => {
    fc.assert(
      fc.property(spec, spec, (wanted, there) => {
        const declared = build(wanted, 'MiB')
        const actual = asLibvirtKeepsIt(there)
        const merged = mergeXml(declared, actual)
        expect(diffXml(declared, merged)).to.deep.equal([])
        expect(merged.children.some((c) => c.name === 'uuid')).to.equal(true)
        expect(diffXml(declared, parseXml(formatXml(merged)))).to.deep.equal([])
      }),
    )
  })

  it('takes a machine alias for the machine', () => {
    const declared = parseXml("<domain><os><type machine='q35'>hvm</type></os></domain>")
    const actual = parseXml("<domain><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os></domain>")
    expect(diffXml(declared, actual, new Map([['q35', 'pc-q35-7.2']]))).to.deep.equal([])
    // Where the host has learnt a newer one, or an alias of its own.
    expect(diffXml(declared, actual, new Map([['q35', 'pc-q35-9.0']]))).to.deep.equal([])
    const own = parseXml("<domain><os><type machine='ours'>hvm</type></os></domain>")
    expect(diffXml(own, actual, new Map([['ours', 'pc-q35-8.0']]))).to.deep.equal([])
    expect(diffXml(own, actual)).to.have.length(1)
    for (const machine of ['pc', 'pc-q35-9.0', 'virt']) {
      const other = parseXml(`<domain><os><type machine='${machine}'>hvm</type></os></domain>`)
      expect(diffXml(other, actual, new Map([['pc', 'pc-i440fx-7.2']])), machine).to.have.length(1)
    }
    expect(formatXml(mergeXml(declared, actual))).to.include('pc-q35-7.2')
  })

  it('leaves behind what only the board of another family has', () => {
    const declared = parseXml("<domain><os><type machine='pc'>hvm</type></os></domain>")
    const actual =
      parseXml(`<domain><os><type machine='pc-q35-10.0'>hvm</type></os><devices><controller type='pci' model='pcie-root'/>
      <controller type='usb'/><watchdog model='itco' action='reset'/></devices></domain>`)
    const text = formatXml(mergeXml(declared, actual))
    expect(text).to.include("type='usb'").and.not.to.include('pcie-root').and.not.to.include('itco')
    const same = parseXml("<domain><os><type machine='q35'>hvm</type></os></domain>")
    expect(formatXml(mergeXml(same, actual)))
      .to.include('pcie-root')
      .and.to.include('itco')
  })

  it('names the line of what is not XML', () => {
    for (const [source, line] of [
      ['<a><b></a>', 1],
      ['\n\n<a>\n<b c="1" c="2"/></a>', 4],
    ] as const) {
      expect(() => parseXml(source))
        .to.throw(XmlError)
        .with.property('line', line)
    }
    expect(() => parseXml('<a>'.repeat(300) + '</a>'.repeat(300))).to.throw(XmlError, 'nest deeper')
    expect(() => parseXml('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')).to.throw(XmlError)
  })

  it('finds what libvirt would take silently', () => {
    const lint = (inner: string) =>
      lintDomain(parseXml(`<domain><name>v</name>${inner}</domain>`)).map((f) => f.message)
    const nic = (mac: string) => `<interface type='user'><mac address='${mac}'/></interface>`
    const disk = (dev: string, file: string) =>
      `<disk><driver type='raw'/><source file='${file}'/><target dev='${dev}'/></disk>`
    expect(lint(`<devices>${nic('52:54:00:04:63:6')}</devices>`)[0]).to.include('six pairs')
    expect(lint(`<devices>${nic('53:54:00:04:63:06')}</devices>`)[0]).to.include('multicast')
    expect(lint(`<devices>${nic('52:54:00:04:63:06')}${nic('52:54:00:04:63:06')}</devices>`)[0]).to.include(
      'two devices',
    )
    expect(lint(`<devices>${disk('vda', '/a')}${disk('vda', '/b')}</devices>`)).to.deep.equal([
      "two devices have the target 'vda'",
    ])
    expect(lint('<uuid/>')).to.deep.equal(['<uuid> is empty'])
    expect(lint("<devices><disk><target dev='vda'/></disk></devices>")[0]).to.include('raw')
    expect(lint(`<devices>${nic('52:54:00:04:63:06')}${disk('vda', '/a')}</devices>`)).to.deep.equal([])
  })

  it('reads sizes as libvirt does', () => {
    expect([
      parseSize('2GiB'),
      parseSize('2G'),
      parseSize('2GB'),
      parseSize('1.5K'),
      parseSize('7'),
      parseSize('x'),
      parseSize('1 furlong'),
    ]).to.deep.equal([2147483648n, 2147483648n, 2000000000n, 1536n, 7n, undefined, undefined])
  })
})
