import { expect } from 'chai'
import type { JsonObject } from '../../../../core/events/json.ts'
import { fleetUuid } from '../../../../core/libvirt/identity/uuid.ts'
import { readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { child, formatXml, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { cloneArgs } from '../../../../modules/libvirt/clone/args.ts'
import { diffClone } from '../../../../modules/libvirt/clone/diff.ts'
import { planClone } from '../../../../modules/libvirt/clone/plan.ts'
import type { CloneHost } from '../../../../modules/libvirt/clone/probe.ts'

const SOURCE =
  parseXml(`<domain type='kvm' id='3'><name>web1</name><uuid>11111111-1111-1111-1111-111111111111</uuid><genid>2</genid>
<sysinfo type='smbios'><system><entry name='uuid'>11111111-1111-1111-1111-111111111111</entry><entry name='serial'>x</entry></system></sysinfo>
<os><type>hvm</type><nvram template='/t.fd'>/var/nvram/web1_VARS.fd</nvram></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/><source file='/i/web1.qcow2' index='1'/><backingStore/><target dev='vda'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/i/data.raw'/><target dev='vdb'/></disk>
<disk type='file' device='disk'><source file='/i/shared.raw'/><target dev='vdc'/><shareable/></disk>
<disk type='file' device='cdrom'><source file='/i/cd.iso'/><target dev='sda'/><readonly/></disk>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><target dev='vnet7'/></interface>
<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/></interface>
<channel type='unix'><source mode='bind' path='/run/libvirt/qemu/channel/3-web1/domain-3-web1/org'/><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
</devices></domain>`)
const args = (more: JsonObject = {}) => cloneArgs.parse({ name: 'web2', source: 'web1', ...more })
const plan = (more: JsonObject = {}, source = SOURCE) => planClone(args(more), source, [])
const UUID = fleetUuid('default', 'domain', 'web2')

describe('libvirt_clone', () => {
  it('gives the clone an identity of its own, everywhere', () => {
    const { definition, uuid, macs } = plan()
    const model = readDomain(definition)
    expect([model.name, model.uuid, uuid]).to.deep.equal(['web2', UUID, UUID])
    expect(model.nics.map((nic) => nic.mac)).to.deep.equal(macs)
    expect(new Set(macs).size).to.equal(2)
    const text = formatXml(definition)
    for (const old of [
      '11111111',
      '52:54:00:00:00:0',
      '/i/web1.qcow2',
      'web1_VARS',
      'vnet7',
      "id='3'",
      '<genid>2',
      'domain-3-web1',
    ])
      expect(text, old).not.to.include(old)
    expect(child(definition, 'sysinfo', 'system')?.children.map((one) => one.text)).to.deep.equal([UUID, 'x'])
    expect(text).to.include("cache='none'")
  })
  it('is the same clone each time, and another in another fleet', () => {
    expect(plan()).to.deep.equal(plan())
    expect(plan({ fleet: 'b' }).uuid).not.to.equal(UUID)
  })
  it('takes no MAC that another domain of the host has', () => {
    const taken = plan().macs[0]!
    const other = parseXml(
      `<domain><name>x</name><devices><interface type='user'><mac address='${taken}'/></interface></devices></domain>`,
    )
    const { macs } = planClone(args(), SOURCE, [{ running: false, model: readDomain(other) }])
    expect(macs).not.to.include(taken)
  })

  it('copies what is written to, and nothing else', () => {
    expect(plan().copies).to.deep.equal([
      { what: 'vda', from: '/i/web1.qcow2', to: '/i/web2.qcow2', format: 'qcow2', fromFormat: 'qcow2' },
      { what: 'vdb', from: '/i/data.raw', to: '/i/web2-data.raw', format: 'raw', fromFormat: 'raw' },
      {
        what: 'nvram',
        from: '/var/nvram/web1_VARS.fd',
        to: '/var/nvram/web2_VARS.fd',
        format: 'raw',
        fromFormat: 'raw',
      },
    ])
    const disks = readDomain(plan().definition).disks.map((disk) => [disk.target, disk.source, disk.format])
    expect(disks).to.deep.equal([
      ['vda', '/i/web2.qcow2', 'qcow2'],
      ['vdb', '/i/web2-data.raw', 'raw'],
      ['vdc', '/i/shared.raw', undefined],
      ['sda', '/i/cd.iso', undefined],
    ])
  })
  it('has qcow2 images on top of whatever the source has, where it is linked', () => {
    const { copies, definition } = plan({ type: 'linked', folder: '/o', exclude_disks: 'vda' })
    expect(copies.filter((one) => one.what !== 'nvram')).to.deep.equal([
      { what: 'vdb', from: '/i/data.raw', to: '/o/web2-data.raw', format: 'qcow2', fromFormat: 'raw' },
    ])
    expect(readDomain(definition).disks[0]).to.include({ target: 'vdb', format: 'qcow2' })
  })
  it('refuses disks that it cannot copy', () => {
    const with1 = (disk: string) => parseXml(`<domain><name>web1</name><devices>${disk}</devices></domain>`)
    const block = with1("<disk type='block' device='disk'><source dev='/dev/x'/><target dev='vda'/></disk>")
    expect(() => plan({}, block)).to.throw(ModuleFailure, 'is a block')
    expect(plan({ exclude_disks: 'vda' }, block).copies).to.deep.equal([])
    const vmdk = with1(
      "<disk type='file' device='disk'><driver type='vmdk'/><source file='/x'/><target dev='vda'/></disk>",
    )
    expect(() => plan({}, vmdk)).to.throw(ModuleFailure, 'vmdk')
    expect(() => plan({ exclude_disks: 'vdz' })).to.throw(ModuleFailure, 'no disk vdz')
    const twins = ['/a/d.raw', '/b/d.raw'].map(
      (f, i) => `<disk type='file' device='disk'><source file='${f}'/><target dev='vd${i}'/></disk>`,
    )
    expect(() => plan({ folder: '/o' }, with1(twins.join('')))).to.throw(ModuleFailure, 'two disks')
  })

  const summary = (name: string, uuid: string, more: object = {}) =>
    ({ name, uuid, state: 'shut off', managedSave: false, ...more }) as never
  const host = (more: Partial<CloneHost> = {}, source: object = {}): CloneHost => ({
    source: { summary: summary('web1', '1', source), definition: SOURCE },
    named: undefined,
    sameUuid: undefined,
    definition: undefined,
    others: [],
    claimed: [],
    sysprep: false,
    ...more,
  })
  const table: [string, CloneHost, JsonObject, string[] | string][] = [
    ['a new one', host(), {}, ['state']],
    ['one that is there', host({ named: summary('web2', UUID) }), {}, []],
    ['one that is there, its source gone', host({ named: summary('web2', UUID), source: undefined }), {}, []],
    ['a stranger of that name', host({ named: summary('web2', '9') }), {}, 'another domain'],
    ['one that was renamed', host({ sameUuid: summary('old', UUID) }), {}, "is that of 'old'"],
    ['of what runs', host({}, { state: 'running' }), {}, 'is running'],
    ['of what is paused', host({}, { state: 'paused' }), {}, 'is paused'],
    ['of what is saved', host({}, { managedSave: true }), {}, 'is saved'],
    ['of nothing', host({ source: undefined }), {}, 'no domain'],
    [
      'of a disk that another one writes to',
      host({ others: [{ running: true, model: { ...readDomain(SOURCE), name: 'web7' } }] }),
      {},
      "'web7' runs",
    ],
    ['reset without the tool', host(), { reset: true }, 'virt-sysprep'],
    ['reset', host({ sysprep: true }), { reset: true }, ['state']],
    ['of itself', host(), { name: 'web1' }, 'of itself'],
  ]
  for (const [what, of, input, expected] of table)
    it(what, () => {
      const act = () =>
        diffClone({ check: false, answer: { kind: 'answer', value: of } }, args(input)).map((one) => one.path)
      if (typeof expected === 'string') expect(act).to.throw(ModuleFailure, expected)
      else expect(act()).to.deep.equal(expected)
    })
})
