import { ConnectionError } from '../../connection/errors.ts'
import type { Host, Reader } from '../../module/types.ts'
import { type HostMaker, taskHosts } from '../host/task-hosts.ts'
import type { Work } from '../interrupt.ts'
import { scopeOf, type Turn } from '../task/turn.ts'

/** Readers for the play's whole pattern, writers for the hosts that this run may change: not those that failed before. */
export async function fleetHosts(first: Turn, works: readonly Work[], shielded: boolean) {
  const { batch } = first
  const { run } = batch
  const readers = new Map<string, Reader>()
  const writers = new Map<string, Host>()
  const silent = new Map<string, string>()
  const failed = new Set<string>()
  const makers: HostMaker[] = []
  const shield = (): void => {
    for (const work of works) work.shielded = shielded
  }
  for (const name of new Set([...batch.pattern, ...batch.hosts])) {
    if (run.hosts.of(name).unreachable) {
      silent.set(name, 'it could not be reached earlier in this run')
      continue
    }
    try {
      const maker = await makerOf(first, name)
      makers.push(maker)
      const { reader, writer } = hostPair(first, maker, shielded)
      readers.set(name, reader)
      const mayChange = batch.allHosts.includes(name) && !batch.ended.has(name)
      if (mayChange && run.hosts.of(name).failed && !first.frame.withFailed) failed.add(name)
      else if (mayChange) writers.set(name, shieldedHost(writer, shield))
    } catch (error) {
      silent.set(name, error instanceof ConnectionError ? error.message : String(error))
    }
  }
  const release = (): void => {
    for (const maker of makers) maker.release()
  }
  return { readers, writers, failed, silent, release }
}

/** Work that changes a host says so when it begins. */
function shieldedHost(host: Host, shield: () => void): Host {
  return new Proxy(host, {
    get(target, property) {
      if (
        property === 'run' ||
        property === 'writeFile' ||
        property === 'uploadFile' ||
        property === 'libvirt' ||
        property === 'connection'
      )
        shield()
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function makerOf(first: Turn, name: string): HostMaker | Promise<HostMaker> {
  const { batch, task, frame, check, diff } = first
  const scope = scopeOf({ batch, frame, host: batch.run.hosts.of(name), step: task, check, diff })
  // Reading for a fleet takes no lease of a host that is not changed by this run.
  const isSpared = !batch.allHosts.includes(name)
  return taskHosts({
    batch,
    task,
    owner: name,
    target: name,
    targetScope: scope,
    scope,
    check: check || isSpared,
    diff,
  })
}

function hostPair({ batch, id }: Turn, maker: HostMaker, shielded: boolean): { reader: Reader; writer: Host } {
  const { soft, hard } = batch.run.interrupts
  const signal = shielded ? hard : soft
  return {
    reader: maker.make({ id, signal, shielded: false, nativeLibvirt: true }),
    writer: maker.make({ id, signal, shielded, nativeLibvirt: true }),
  }
}
