import { expect } from 'chai'
import fc from 'fast-check'
import type { Host } from '../../../../core/module/types.ts'
import { vmsArgs } from '../../../../modules/libvirt/vms/args.ts'
import { awaited, goalOf } from '../../../../modules/libvirt/vms/goal.ts'
import { complaint, consoleComplaint } from '../../../../modules/libvirt/vms/wait/verdict.ts'
import { wantedVms } from '../../../../modules/libvirt/vms/wanted.ts'
import { waves } from '../../../../modules/libvirt/vms/waves.ts'

describe("cloud-init's own words", () => {
  const DONE =
    '\n....\nstatus: done\nboot_status_code: enabled-by-generator\nlast_update: Sat, 21 Nov 2026 17:43:50 +0000\ndetail:\nDataSourceNoCloud [seed=/dev/sr0][dsmode=net]\n'
  const table: [name: string, exit: number, output: string, said: RegExp | undefined][] = [
    ['done, 22.4', 0, DONE, undefined],
    [
      'done, 24.1',
      0,
      'status: done\nextended_status: done\nboot_status_code: unknown\nerrors: []\nrecoverable_errors: {}\n',
      undefined,
    ],
    [
      'a module that failed, 22.4',
      1,
      "....\nstatus: error\nboot_status_code: enabled-by-generator\nlast_update: x\ndetail:\n('locale', ProcessExecutionError(\"Unexpected error while running command.\\nCommand: ['update-locale']\\nExit code: 255\"))\n",
      /ended with 'error': detail: \('locale', .* Command: \['update-locale'\] Exit code: 255"\)\)$/,
    ],
    [
      'recoverable errors, 24.1',
      2,
      'status: done\nextended_status: degraded done\nboot_status_code: enabled-by-kernel-cmdline\ndetail: DataSourceNoCloud\nerrors: []\nrecoverable_errors:\nWARNING:\n\t- Failed to process schema\n',
      /ended with 'degraded done': .*WARNING: - Failed to process schema$/,
    ],
    ['degraded without a word of it', 2, 'status: done\n', /ended with 'done'/],
    ['killed', -1, '..', /ended with -1: \.\.$/],
    [
      'a usage message of an old version',
      2,
      'usage: cloud-init\ncloud-init: error: unrecognized arguments: --wait',
      /ended with 2: usage: /,
    ],
  ]
  for (const [name, exit, output, said] of table) {
    it(`are understood: ${name}`, () => {
      const text = complaint(output, exit, true)
      if (said === undefined) expect(text).to.equal(undefined)
      else expect(text).to.match(said)
    })
  }

  it('disabled is a failure only where there was a seed to find', () => {
    const disabled = 'status: disabled\nboot_status_code: disabled-by-generator\n'
    expect(complaint(disabled, 0, false)).to.equal(undefined)
    expect(complaint(disabled, 1, true)).to.match(/has found no seed/)
  })

  it('on a console are complaints where something failed, and not where something was only said', () => {
    const lines = [
      "[   67.1] cloud-init[287]: Cloud-init v. 22.4.2 running 'modules:config' at Sat",
      '[   67.2] cloud-init[287]: 2026-11-21 17:43:45 - util.py[DEPRECATED]: Value is deprecated and will fail',
      '[   67.3] cloud-init[287]: 2026-11-21 17:43:45 - cc_growpart.py[WARNING]: nothing to grow',
    ]
    expect(consoleComplaint(lines)).to.equal(undefined)
    const failed =
      '[   68.0] cloud-init[287]: 2026-11-21 17:43:45,692 - util.py[WARNING]: Running module locale (<module>) failed'
    expect(consoleComplaint([...lines, failed])).to.match(/on the console: .*Running module locale/)
  })

  it('never come to a terminal as they are', () => {
    const hostile = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(hostile, fc.integer({ min: -1, max: 3 }), (text, exit) => {
        for (const said of [
          complaint(`status: error\ndetail:\n${text}`, exit, true),
          complaint(text, exit, true),
          consoleComplaint([`x.py[ERROR]: failed ${text}`]),
        ]) {
          expect(said ?? '').to.not.match(/[\u0000-\u001f\u007f-\u009f]/)
          expect((said ?? '').length).to.be.below(700)
        }
      }),
    )
  })
})

describe('what VMs are waited for', () => {
  const args = (extra: object) => vmsArgs.parse({ names: ['a'], ...extra })

  it('is nothing where they are to be off or gone, or only to run', () => {
    expect(goalOf(args({ wait_for: 'cloud_init' }))).to.equal('cloud_init')
    for (const extra of [
      { wait_for: 'ssh', state: 'stopped' },
      { wait_for: 'ssh', state: 'absent' },
      {},
      { wait_for: 'none' },
    ])
      expect(goalOf(args(extra)), JSON.stringify(extra)).to.equal(undefined)
  })

  it('follows a start, and what has not been seen, and not a change of something else', () => {
    const change = (path: string) => [{ path, effect: 'now' as const }]
    for (const path of ['state', 'address', 'cloud_init']) expect(awaited(change(path)), path).to.equal(true)
    for (const path of ['autostart', 'seed', 'memory']) expect(awaited(change(path)), path).to.equal(false)
  })

  it('has one limit, which may also be called timeout', () => {
    expect(args({ wait_timeout: 9 }).wait_timeout).to.equal(9)
    expect(args({ timeout: 7 }).wait_timeout).to.equal(7)
  })

  it('comes after waves of at least one', () => {
    expect(() => wantedVms(args({ wave: 0 }))).to.throw(/wave 0 would start nothing/)
    expect(args({}).wave).to.equal(5)
  })
})

describe('waves', () => {
  /** A host whose daemon is configured so; `native`: it is spoken to by its own protocol. */
  const hostOf = (configured: string, native: boolean): Host =>
    ({
      name: 'kvm1',
      signal: new AbortController().signal,
      read: async () => ({ status: 0, stdout: Buffer.from(configured), stderr: Buffer.alloc(0) }),
      libvirt: { native: async () => (native ? {} : undefined) },
    }) as unknown as Host

  /** The most starts under way at once, of so many; every third one fails. */
  async function crowd(host: Host, wave: number, machines: number): Promise<{ most: number; done: number }> {
    const args = vmsArgs.parse({ names: ['a'], wave })
    const starters = [await waves(host, args), await waves(host, args)]
    let [busy, most, done] = [0, 0, 0]
    const one = async (i: number): Promise<void> => {
      most = Math.max(most, ++busy)
      await new Promise((resolve) => setImmediate(resolve))
      busy--
      done++
      if (i % 3 === 0) throw new Error('not started')
    }
    await Promise.allSettled(Array.from({ length: machines }, (_, i) => starters[i % 2]!(() => one(i))))
    return { most, done }
  }

  it('are kept here where the daemon would take more, over all that is started on a host, whatever fails', async () => {
    const cases = fc.record({ wave: fc.integer({ min: 1, max: 8 }), machines: fc.integer({ min: 1, max: 30 }) })
    await fc.assert(
      fc.asyncProperty(cases, async ({ wave, machines }) => {
        const found = await crowd(hostOf('20\n7\n', true), wave, machines)
        expect(found).to.deep.equal({ most: Math.min(wave, machines), done: machines })
      }),
      { numRuns: 50 },
    )
  })

  it('are left to a daemon that takes no more, and to virsh', async () => {
    expect((await crowd(hostOf('', true), 5, 30)).most).to.equal(30)
    expect((await crowd(hostOf('', true), 4, 30)).most).to.equal(4)
    expect((await crowd(hostOf('3\n', true), 4, 30)).most).to.equal(30)
    expect((await crowd(hostOf('20\n', false), 2, 30)).most).to.equal(30)
  })
})
