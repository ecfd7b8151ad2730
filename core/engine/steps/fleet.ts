import { ConnectionError } from '../../connection/errors.ts'
import { fromJson, str, Template } from '../../language/index.ts'
import type { Host, Reader } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import { taskHosts } from '../host/task-hosts.ts'
import type { Work } from '../interrupt.ts'
import { type AnyFleet, type FleetItem, runFleet } from '../modules/fleet.ts'
import { argumentsOf } from '../task/arguments.ts'
import { contextOf } from '../task/attempt.ts'
import { outcomeOfError } from '../task/errors.ts'
import { outcomeFields } from '../task/events.ts'
import { condition } from '../task/guarded.ts'
import { flag } from '../task/keywords.ts'
import type { Outcome } from '../task/outcome.ts'
import { settle } from '../task/settle.ts'
import type { Turn } from '../task/turn.ts'
import { scopeOf } from '../task/turn.ts'

/**
 * A fleet module: once for the batch, over all hosts of the play's pattern. Its arguments and condition are those of the
 * first host. Each host has the result; changes count where they belong.
 */
export async function runFleetTask(module: AnyFleet, turns: readonly Turn[]): Promise<number> {
  const [first] = turns
  if (!first) return 0
  const { run } = first.batch
  const started = performance.now()
  for (const turn of turns) run.events.emit({ event: 'host_started', task: turn.id, host: turn.host.name })
  const hidden = await flag(first.task.noLog, first.scope(), false).catch(() => true)
  const byHost = await outcomes(module, turns, hidden)
  let failed = 0
  for (const turn of turns) if (await settle(turn, byHost(turn.host.name), hidden, started)) failed++
  return failed
}

async function outcomes(module: AnyFleet, turns: readonly Turn[], hidden: boolean): Promise<(host: string) => Outcome> {
  const first = turns[0]!
  const skipped = await condition(first, new Map())
  if (skipped) return () => skipped
  const works = turns.map((turn): Work => ({ task: turn.id, name: turn.name, host: turn.host.name, shielded: false }))
  const ends = works.map((work) => first.batch.run.interrupts.begin(work))
  try {
    return await call(module, turns, works, hidden)
  } catch (error) {
    const outcome = outcomeOfError(error, contextOf(first, undefined))
    return () => outcome
  } finally {
    for (const end of ends) end()
  }
}

async function call(
  module: AnyFleet,
  turns: readonly Turn[],
  works: readonly Work[],
  hidden: boolean,
): Promise<(host: string) => Outcome> {
  const first = turns[0]!
  const { batch, task, check } = first
  const { run } = batch
  const args = await argumentsOf(task, module, first.scope(), run.omit)
  const { readers, writers, silent } = await hostsOf(first, works, module.shielded ?? false)
  const reported = new Set(turns.map((turn) => turn.host.name))
  const owner = (item: FleetItem): string => {
    const name = item.change.hosts[0] ?? first.host.name
    return reported.has(name) ? name : first.host.name
  }
  const answer = await runFleet(module, {
    args,
    check,
    readers,
    silent,
    writers,
    reasonOf: (error) => (error instanceof Error ? error.message : String(error)),
    interrupted: () => run.interrupts.interrupted,
    onItem: (item) =>
      run.events.emit({
        event: 'host_item',
        task: first.id,
        host: owner(item),
        item: hidden ? 'hidden by no_log' : item.change.item,
        ...outcomeFields(itemOutcome(item), hidden),
      }),
  })
  if (check && answer.items.length > 0) taint(first, answer.items)
  return (host) =>
    hostOutcome(
      answer.items.filter((item) => owner(item) === host),
      answer.items,
      answer.result,
    )
}

function itemOutcome(item: FleetItem): Outcome {
  const { status, message, hint } = item
  const json = { changed: status === 'changed', failed: status === 'failed', hosts: [...item.change.hosts] }
  return { status, value: fromJson(json), json, changes: item.change.changes, diff: [], message, hint }
}

function hostOutcome(mine: readonly FleetItem[], all: readonly FleetItem[], result: object): Outcome {
  const failed = mine.filter((item) => item.status === 'failed')
  const changed = mine.some((item) => item.status === 'changed')
  const status = failed.length > 0 ? 'failed' : changed ? 'changed' : 'ok'
  const json = { ...result, changed: all.some((item) => item.status === 'changed'), failed: failed.length > 0 }
  const message =
    failed.length > 0 ? failed.map((item) => `${item.change.item}: ${item.message ?? 'failed'}`).join('; ') : undefined
  return {
    status,
    value: fromJson(json),
    json,
    changes: mine.flatMap((item) => item.change.changes),
    diff: [],
    message,
    hint: failed[0]?.hint,
  }
}

function taint(turn: Turn, items: readonly FleetItem[]): void {
  const subjects = new Set(items.map((item) => item.change.item))
  for (const host of new Set(items.flatMap((item) => item.change.hosts))) {
    turn.batch.run.taints.add({ task: turn.name, instance: turn.id, host, local: false, reach: 'subject', subjects })
  }
}

/** Readers for the play's whole pattern, writers for the hosts that this run may change. */
async function hostsOf(first: Turn, works: readonly Work[], shielded: boolean) {
  const { batch } = first
  const { run } = batch
  const readers = new Map<string, Reader>()
  const writers = new Map<string, Host>()
  const silent = new Map<string, string>()
  const shield = (): void => {
    for (const work of works) work.shielded = shielded
  }
  for (const name of patternHosts(batch, first)) {
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
  const scope = scopeOf({ batch, frame, host, step: task as Task, check, diff })
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

/** As the play names them, whatever --limit and serial say. */
function patternHosts(batch: Batch, first: Turn): string[] {
  const { hosts } = batch.play
  const pattern =
    hosts instanceof Template ? undefined : Array.isArray(hosts) ? hosts.map((one) => str(one)) : str(hosts)
  return pattern === undefined ? [...batch.allHosts] : first.batch.run.inventory.inventory.match(pattern).hosts
}
