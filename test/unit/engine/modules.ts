import type { ModuleRegistry } from '../../../core/module/registry.ts'
import type { AnyModule, Host, Reader } from '../../../core/module/types.ts'
import { program } from './harness.ts'

/** The modules that ship, and more of the test's own. */
export async function withModules(...more: AnyModule[]): Promise<ModuleRegistry> {
  const { builtinModules } = await program()
  const own = new Map(more.map((one) => [one.name, one]))
  return {
    names: () => new Set([...builtinModules.names(), ...own.keys()]),
    load: async (name) => own.get(name) ?? builtinModules.load(name),
  }
}

/** A run module that does what the test says. */
export async function acting(
  name: string,
  run: (host: Host) => Promise<object | undefined>,
  more: { shielded?: boolean } = {},
): Promise<AnyModule> {
  const { arg, defineRun } = await program()
  return defineRun({
    name,
    summary: 'a test',
    args: arg.object({}),
    ...more,
    run: async (host) => ({ changed: true, ...(await run(host)) }),
  })
}

export interface Machines {
  /** What is where, by host. */
  readonly on: Map<string, Set<string>>
  /** What happened, in order. */
  readonly log: string[]
}

/** A fleet module over machines in memory: every item on one host, somewhere, made where there is least. */
export async function fleetOf(
  machines: Machines,
  more: {
    fails?: string
    refuses?: string
    unclear?: boolean
    keeps?: boolean
    renames?: boolean
    probe?: (host: Reader) => Promise<void>
  } = {},
): Promise<AnyModule> {
  const { arg, defineFleet, ModuleFailure } = await program()
  return defineFleet({
    name: 'machines',
    summary: 'a test',
    args: arg.object({ names: arg.list(arg.str()) }),
    parallel: 2,
    async probe(host) {
      await more.probe?.(host)
      return [...(machines.on.get(host.name) ?? [])]
    },
    silence: (state: string[]) => (state.includes('nobody knows') ? 'its daemon is silent' : undefined),
    async examine(_hosts, states) {
      if (more.unclear && machines.log.length > 0) throw new ModuleFailure('it cannot be looked into')
      return states
    },
    diff(states, { names }) {
      const there = new Set([...states.answered.values()].flat())
      const missing = names.filter((name) => !there.has(name))
      if (missing.length > 0 && states.silent.size > 0) {
        throw new ModuleFailure(`${[...states.silent.keys()].join(', ')} may hold ${missing.join(', ')}`)
      }
      const hosts = [...states.answered.keys()]
      return missing.map((name, i) => ({
        id: more.renames && machines.log.length > 0 ? `mend ${name}` : name,
        item: name,
        hosts: [hosts[i % hosts.length]!],
        changes: [{ path: 'machine', after: name, effect: 'now' as const }],
        needs: i === 0 || more.refuses !== undefined ? [] : [missing[0]!],
        ...(name === more.refuses && { refusal: new ModuleFailure(`no room for ${name}`, { hint: 'buy some' }) }),
      }))
    },
    async apply(hosts, change) {
      machines.log.push(`make ${change.id}`)
      await Promise.resolve()
      if (change.id === more.fails) throw new ModuleFailure(`no room for ${change.id}`)
      if (!more.keeps) machines.on.get(hosts.get(change.hosts[0]!)!.name)!.add(change.id)
    },
    async undo(_hosts, change) {
      machines.log.push(`undo ${change.id}`)
    },
    result: (states) => ({ machines: Object.fromEntries([...states.answered]) }),
  })
}
