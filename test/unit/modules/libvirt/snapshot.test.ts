import { expect } from 'chai'
import type { JsonObject } from '../../../../core/events/json.ts'
import { SnapshotKept } from '../../../../core/libvirt/snapshot/kept.ts'
import { readSnapshot } from '../../../../core/libvirt/snapshot/read.ts'
import { readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { child, childrenOf, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { ModuleFailure, UNKNOWN } from '../../../../core/module/types.ts'
import { snapshotXml } from '../../../../modules/libvirt/snapshot/apply.ts'
import { snapshotArgs } from '../../../../modules/libvirt/snapshot/args.ts'
import { diffSnapshot } from '../../../../modules/libvirt/snapshot/diff.ts'
import type { FoundDomain } from '../../../../modules/libvirt/snapshot/probe.ts'

const DOMAIN = (format = 'qcow2') => `<domain type='qemu'><name>web1</name><devices>
<disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='/i/web1.qcow2'/><backingStore/><target dev='vda'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/i/shared,1.raw'/><target dev='vdb'/><readonly/></disk>
<disk type='file' device='cdrom'><target dev='sda'/></disk></devices></domain>`
const EXTERNAL = `<domainsnapshot><name>s</name><state>disk-snapshot</state><parent><name>p</name></parent><creationTime>7</creationTime><memory snapshot='no'/>
<disks><disk name='vda' snapshot='external' type='file'><source file='/i/web1.s'/></disk><disk name='sda' snapshot='no'/></disks>${DOMAIN()}</domainsnapshot>`
const INTERNAL = `<domainsnapshot><name>s</name><state>running</state><creationTime>7</creationTime><memory snapshot='internal'/><disks><disk name='vda' snapshot='internal'/></disks>${DOMAIN()}</domainsnapshot>`

const found = (more: Partial<FoundDomain> = {}, state = 'running', format = 'qcow2'): FoundDomain => ({
  summary: {
    name: 'web1',
    uuid: 'u',
    state,
    reason: '',
    persistent: true,
    autostart: false,
    managedSave: false,
  } as never,
  model: readDomain(parseXml(DOMAIN(format))),
  names: [],
  current: undefined,
  snapshot: undefined,
  children: [],
  kept: undefined,
  external: false,
  version: '9.0.0',
  ...more,
})
const args = (more: JsonObject = {}) => snapshotArgs.parse({ domain: 'web1', name: 's', ...more })
const internal = { snapshot: readSnapshot(INTERNAL), names: ['s'] }
const external = { snapshot: readSnapshot(EXTERNAL), names: ['p', 's'] }

describe('libvirt_snapshot', () => {
  const table: [string, FoundDomain | undefined, JsonObject, string[] | string][] = [
    ['a new one', found(), {}, ['state now']],
    ['one that is there', found(internal), {}, []],
    ['one that is there, of the other type', found(internal), { type: 'external' }, 'is internal, not external'],
    ['internal in a raw image', found({}, 'running', 'raw'), {}, 'vda (raw)'],
    ['external of a raw image', found({}, 'running', 'raw'), { type: 'external' }, ['state now']],
    ['of a disk that is not there', found(), { type: 'external', disks: ['vdb'] }, 'no writable disk vdb'],
    [
      'memory of what does not run',
      found({}, 'shut off'),
      { type: 'external', memory: true, memory_path: '/m' },
      'no memory to save',
    ],
    ['quiesced, but off', found({}, 'shut off'), { type: 'external', quiesce: true }, 'no agent'],
    ['of no domain', undefined, {}, "no domain 'web1'"],
    ['gone already', found(), { state: 'absent' }, []],
    ['gone with its domain', undefined, { state: 'absent' }, []],
    ['removed', found(internal), { state: 'absent' }, ['state now']],
    ['removed, external', found(external), { state: 'absent' }, ['state now']],
    [
      'removed with what is on top',
      found({ ...external, children: ['t'] }),
      { state: 'absent', children: true },
      't is on top',
    ],
    ['gone back to', found(internal), { state: 'reverted' }, ['reverted action']],
    ['gone back to, by an old libvirt', found(external), { state: 'reverted' }, 'libvirt 9.0.0 cannot'],
    ['gone back to, by a new one', found({ ...external, external: true }), { state: 'reverted' }, ['reverted action']],
    [
      'gone back to, though this would harm others',
      found({ ...internal, kept: new SnapshotKept('nothing is changed: x') }),
      { state: 'reverted' },
      "revert 'web1' to 's': nothing is changed: x",
    ],
    ['gone back to, but never taken', found({ names: ['p'] }), { state: 'reverted' }, "no snapshot 's'"],
  ]
  for (const [what, domain, input, expected] of table)
    it(what, () => {
      const act = () =>
        diffSnapshot({ check: false, answer: { kind: 'answer', value: domain } }, args(input)).map(
          (c) => `${c.path} ${c.effect}`,
        )
      if (typeof expected === 'string') expect(act).to.throw(ModuleFailure, expected)
      else expect(act()).to.deep.equal(expected)
    })

  it('of a domain that a check run has not made is not known', () => {
    const [change] = diffSnapshot({ check: true, answer: { kind: 'answer', value: undefined } }, args())
    expect(change?.after).to.equal(UNKNOWN)
  })

  const mistakes: JsonObject[] = [
    { name: 'a/b' },
    { name: '-x' },
    { memory: true },
    { memory: true, memory_path: '/m' },
  ]
  for (const input of mistakes)
    it(`refuses ${JSON.stringify(input)}`, () =>
      expect(snapshotArgs.safeParse({ domain: 'd', name: 's', ...input }).success).to.equal(false))

  it('asks libvirt for what the task says', () => {
    const xml = (input: JsonObject) => parseXml(snapshotXml(args(input), found()))
    expect(child(xml({ description: 'a < b' }), 'description')?.text).to.equal('a < b')
    expect(child(xml({}), 'disks')).to.equal(undefined)
    const disks = childrenOf(child(xml({ type: 'external', folder: '/o/' }), 'disks'), 'disk')
    expect(disks.map((d) => [d.attributes.name, child(d, 'source')?.attributes.file])).to.deep.equal([
      ['vda', '/o/web1.s'],
    ])
    const memory = child(xml({ type: 'external', memory: true, memory_path: "/m'" }), 'memory')
    expect(memory?.attributes).to.deep.equal({ snapshot: 'external', file: "/m'" })
  })
})
