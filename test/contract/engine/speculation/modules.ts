import { setTimeout as waiting } from 'node:timers/promises'
import type { AnyModule } from '../../../../core/module/types.ts'
import { program } from '../../../unit/engine/harness.ts'

/** Modules of the tests' own: what those that ship have no reason to do. */
export async function testModules(): Promise<AnyModule[]> {
  const { arg, defineState, ModuleFailure, sh } = await program()
  return [
    defineState({
      name: 'test_gives',
      summary: 'Gives a fact, and did not say that it would.',
      args: arg.object({ name: arg.str() }),
      probe: async (host) => (await host.read(sh`echo given`)).stdout.toString().trim(),
      diff: () => [],
      apply: async () => undefined,
      result: (state: string, { name }) => ({ ansible_facts: { [`given_${name}`]: state } }),
    }),
    defineState({
      name: 'test_wakes',
      summary: 'Wakes something up when it looks: a line in a log.',
      args: arg.object({
        log: arg.path(),
        path: arg.path(),
        delay: arg.float().default(0),
        before: arg.float().default(0).describe('seconds until the host is asked'),
      }),
      wakes: true,
      async probe(host, { log, path, delay, before }) {
        if (before > 0) await waiting(before * 1000)
        const look = sh`sleep ${delay}; echo woken >>${log}; [ -e ${path} ] && echo there; wc -l <${log}`
        return (await host.read(look)).stdout.toString()
      },
      diff: () => [],
      apply: async () => undefined,
      result: (state: string) => ({ state }),
    }),
    defineState({
      name: 'test_slow',
      summary: 'Takes its time to look, and to make a file that is missing.',
      args: arg.object({ probe: arg.float().default(0), apply: arg.float().default(0), path: arg.path().default('/') }),
      probe: async (host, { probe, path }) => (await host.read(sh`sleep ${probe}; [ -e ${path} ]`)).status === 0,
      diff: (there: boolean) => (there ? [] : [{ path: 'state', after: 'there', effect: 'now' }]),
      apply: async (host, { apply, path }) => void (await host.run(sh`sleep ${apply}; touch ${path}`)),
      result: (there: boolean) => ({ there }),
    }),
    defineState({
      name: 'test_hangs',
      summary: 'Takes a minute to look where there is nothing.',
      args: arg.object({ path: arg.path() }),
      probe: async (host, { path }) => (await host.read(sh`[ -e ${path} ] || sleep 60`)).status,
      diff: () => [],
      apply: async () => undefined,
      result: () => ({}),
    }),
    defineState({
      name: 'test_demands',
      summary: 'Cannot look where there is nothing.',
      args: arg.object({ path: arg.path() }),
      async probe(host, { path }) {
        if ((await host.read(sh`[ -e ${path} ]`)).status !== 0) throw new ModuleFailure(`there is no ${path}`)
        return true
      },
      diff: () => [],
      apply: async () => undefined,
      result: () => ({}),
    }),
  ]
}
