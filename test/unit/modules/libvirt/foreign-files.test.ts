import { expect } from 'chai'
import { refuseForeignFiles } from '../../../../modules/libvirt/vms/fleet.ts'
import type { VmHost } from '../../../../modules/libvirt/vms/probe.ts'
import type { WantedVm } from '../../../../modules/libvirt/vms/wanted.ts'

const DISK = '/i/web.qcow2'
const wanted = {
  name: 'web',
  uuid: 'new',
  disks: [{ file: '/i/first.qcow2' }, { file: DISK }],
} as unknown as WantedVm

const on = (storage: string, { isLocal = false, disk = '', files = [] as string[], journal = [] as string[] }) =>
  ({
    domains: {
      kind: 'answer',
      value: disk === '' ? [] : [{ model: { name: 'other', uuid: 'other', disks: [{ source: disk }] } }],
    },
    journal: journal.map((file) => ({ name: 'web', uuid: 'new', files: [file] })),
    files: new Set(files),
    folders: new Map([['/i', { storage, isLocal }]]),
  }) as unknown as VmHost

describe('a disk of a new VM', () => {
  const share = 'nfs4 srv:/i'
  for (const [what, a, b, expected] of [
    ['is free where nobody has it', on(share, {}), on(share, {}), undefined],
    [
      'is refused where a machine on the same share has it',
      on(share, {}),
      on(share, { disk: DISK }),
      'belongs to other',
    ],
    [
      'is free where only another host has it on a file system of its own',
      on('local a', { isLocal: true }),
      on('local b', { isLocal: true, disk: DISK }),
      undefined,
    ],
    [
      'is refused where a machine elsewhere has it on what may be the same storage',
      on('local a', {}),
      on('local b', { disk: DISK }),
      'belongs to other on b',
    ],
    [
      'is refused where a file is there that nobody made',
      on(share, { files: [DISK] }),
      on(share, {}),
      'is already on a',
    ],
    [
      'is ours where a journal of the same storage has it',
      on(share, { files: [DISK] }),
      on(share, { files: [DISK], journal: [DISK] }),
      undefined,
    ],
    [
      'is not ours by the journal of what only may be the same storage',
      on('local a', { files: [DISK] }),
      on('local b', { files: [DISK], journal: [DISK] }),
      'is already on a',
    ],
  ] as const)
    it(what, () => {
      const states = {
        answered: new Map([
          ['a', a],
          ['b', b],
        ]),
        silent: new Map(),
      }
      const journals = [...states.answered].flatMap(([host, { journal }]) => journal.map((entry) => ({ host, entry })))
      const refuse = () => refuseForeignFiles(states, wanted, { host: undefined, seen: undefined, journals }, 'a')
      if (expected === undefined) expect(refuse).not.to.throw()
      else expect(refuse).to.throw(expected)
    })
})

describe('a second disk in a folder of its own', () => {
  const FAST = '/fast/web-vdb.qcow2'
  const vm = { name: 'web', uuid: 'new', disks: [{ file: DISK }, { file: FAST }] } as unknown as WantedVm
  const host = (name: string, files: string[]) =>
    ({
      domains: { kind: 'answer', value: [] },
      journal: [],
      files: new Set(files),
      folders: new Map([
        ['/i', { storage: 'nfs4 srv:/i', isLocal: false }],
        ['/fast', { storage: `local ${name}`, isLocal: true }],
      ]),
    }) as unknown as VmHost
  const refuse = (journalOn: string, files: string[]) => () => {
    const states = {
      answered: new Map(['a', 'b'].map((name) => [name, host(name, name === 'b' ? files : [])])),
      silent: new Map(),
    }
    const entry = { name: 'web', uuid: 'new', files: [DISK, FAST], cloudInit: false, ssh: false }
    refuseForeignFiles(states, vm, { host: undefined, seen: undefined, journals: [{ host: journalOn, entry }] }, 'b')
  }

  it('is not ours by the journal of a host that does not see it, though the first one is', () => {
    expect(refuse('a', [DISK])).not.to.throw()
    expect(refuse('a', [DISK, FAST])).to.throw(`${FAST} is already on b`)
    expect(refuse('b', [DISK, FAST])).not.to.throw()
  })
})
