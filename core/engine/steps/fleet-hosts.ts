import { ConnectionError } from '../../connection/errors.ts'
import type { Host, Reader } from '../../module/types.ts'
import { taskHosts } from '../host/task-hosts.ts'
import type { Work } from '../interrupt.ts'
import { scopeOf, type Turn } from '../task/turn.ts'

/** Readers for the play's whole pattern, writers for the hosts that this run may change. */
export async function fleetHosts(first: Turn, works: readonly Work[], shielded: boolean) {
  const { batch } = first
  const { run } = batch
  const readers = new Map<string, Reader>()
  const writers = new Map<string, Host>()
  const silent = new Map<string, string>()
  const shield = (): void => {
    for (const work of works) work.shielded = shielded
  }
  for (const name of new Set([...batch.pattern, ...batch.hosts])) {
    if (run.hosts.of(name).unreachable) {
      silent.set(name, 'it could not be reached earlier in this run')
      continue
    }
    try {
      const { reader, writer } = await hostPair(first, name, shielded)
      readers.set(name, reader)
      if (batch.allHosts.includes(name) && !batch.ended.has(name)) writers.set(name, shieldedHost(writer, shield))
    } catch (error) {
      silent.set(name, error instanceof ConnectionError ? error.message : String(error))
    }
  }
  return { readers, writers, silent }
}

/** Work that changes a host says so when it begins. */
function shieldedHost(host: Host, shield: () => void): Host {
  return new Proxy(host, {
    get(target, property) {
      if (property === 'run' || property === 'writeFile' || property === 'libvirt' || property === 'connection')
        shield()
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function hostPair(first: Turn, name: string, shielded: boolean): Promise<{ reader: Reader; writer: Host }> {
  const { batch, task, frame, check, diff, id } = first
  const { run } = batch
  const host = run.hosts.of(name)
  const scope = scopeOf({ batch, frame, host, step: task, check, diff })
  // Reading for a fleet takes no lease of a host that is not changed by this run.
  const make = await taskHosts({
    batch,
    task,
    id,
    owner: name,
    target: name,
    targetScope: scope,
    scope,
    check: check || !batch.allHosts.includes(name),
    diff,
  })
  const { soft, hard } = run.interrupts
  return {
    reader: make({ signal: shielded ? hard : soft, shielded: false }),
    writer: make({ signal: shielded ? hard : soft, shielded }),
  }
}
