import { createHash } from 'node:crypto'
import { fromJson, resolveAsync, str, toJson, type Value, type Variables } from '../../language/index.ts'
import type { Include } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import type { Included } from '../request.ts'
import { contextOf } from '../task/attempt.ts'
import { outcomeOfError } from '../task/errors.ts'
import { condition } from '../task/guarded.ts'
import { itemsOf, roundVariables } from '../task/loop.ts'
import type { Outcome } from '../task/outcome.ts'
import { settle } from '../task/settle.ts'
import type { Turn } from '../task/turn.ts'
import { turnsOf } from '../task/turns.ts'
import { activeHosts } from './active.ts'
import { announce } from './announce.ts'
import { asTask } from './as-task.ts'
import { chargeBudget } from './budget.ts'
import type { Walk } from './walk-type.ts'

/** One file or role with one set of variables, and the hosts that are to go through it. */
interface Group {
  readonly target: string
  readonly options: Record<string, Value>
  readonly variables: Variables
  readonly hosts: HostRecord[]
  /** The same again by a host that has included it before. */
  readonly repeats: boolean
}

/** include_tasks and include_role: each host says what it includes; hosts that say the same go together. */
export async function runInclude(
  batch: Batch,
  include: Include,
  hosts: readonly HostRecord[],
  frame: Frame,
  walk: Walk,
): Promise<void> {
  const turns = await turnsOf(batch, include, hosts, frame)
  const [first] = turns
  if (!first) return
  announce(batch, first, hosts.length)
  const groups = new Map<string, Group>()
  const pending: Pending[] = []
  for (const turn of turns) pending.push(await collect(asTask(turn), include, groups))
  const loaded = new Map<string, Included>()
  for (const [key, group] of groups) {
    const included = await batch.run.request.loadInclude(include, group.target, group.options, batch.play)
    batch.run.diagnose(included.diagnostics)
    loaded.set(key, included)
    if (included.diagnostics.some((one) => one.severity === 'error')) refuse(pending, group)
  }
  let failed = 0
  for (const { turn, outcome, started, inclusions } of pending) {
    if (await settle(turn, outcome, false, started)) failed++
    // Every different inclusion counts, as in Ansible's recap; one of them settle has counted.
    if (outcome.status === 'ok')
      for (let more = 1; more < inclusions; more++) batch.run.stats.count(turn.host.name, 'ok')
  }
  await chargeBudget(batch, asTask(first).task, failed, frame)
  const left = [...groups.values()]
  for (const [key, group] of groups) {
    left.shift()
    if (batch.stopped) return
    const hosts = activeHosts(batch, group.hosts, frame)
    // A host with more to include comes to that before it comes to what is behind.
    const after = left.some((later) => hosts.some((host) => later.hosts.includes(host))) ? undefined : frame.after
    const inner = { ...frame, key: `${frame.key}/${include.id}#${key}`, after }
    await enter(batch, include, loaded.get(key)!, { ...group, hosts }, inner, walk)
  }
}

/** What a host includes, before it is told. */
interface Pending {
  readonly turn: Turn
  outcome: Outcome
  readonly started: number
  readonly inclusions: number
}

/** What cannot be read fails the hosts that wanted it. */
function refuse(pending: readonly Pending[], group: Group): void {
  const message = `${group.target} cannot be included`
  const json = { changed: false, failed: true, msg: message }
  for (const one of pending) {
    if (!group.hosts.includes(one.turn.host)) continue
    one.outcome = {
      status: 'failed',
      value: fromJson(json),
      json,
      changes: [],
      diff: [],
      message,
      hint: 'its mistakes are listed above',
    }
  }
}

async function collect(turn: Turn, include: Include, groups: Map<string, Group>): Promise<Pending> {
  const { batch, host } = turn
  const started = performance.now()
  batch.run.events.emit({ event: 'host_started', task: turn.id, host: host.name })
  const outcome = await decide(turn, include, groups)
  if (outcome.status === 'undecided') {
    host.missingNames = turn.name
    batch.run.taints.add({
      task: turn.name,
      instance: turn.id,
      host: host.name,
      local: false,
      reach: 'host',
      subjects: new Set(),
    })
  }
  const inclusions = [...groups.values()].filter((group) => group.hosts.includes(host) && !group.repeats).length
  return { turn, outcome, started, inclusions }
}

async function decide(turn: Turn, include: Include, groups: Map<string, Group>): Promise<Outcome> {
  try {
    const rounds: Variables[] = []
    if (include.loop) {
      const items = await itemsOf(include.loop, turn.scope())
      for (const index of items.keys()) rounds.push(roundVariables(include.loop, items, index))
    } else rounds.push(new Map())
    const targets: string[] = []
    for (const local of rounds) {
      const stopped = await condition(turn, local)
      if (stopped && stopped.status !== 'skipped') return stopped
      if (!stopped) targets.push(await join(turn, include, local, targets.length, groups))
    }
    if (targets.length > 0) return done('ok', `included ${targets.join(', ')}`)
    return done('skipped', 'its condition does not hold')
  } catch (error) {
    const skipped = await condition(turn, new Map())
    return skipped?.status === 'skipped' ? skipped : outcomeOfError(error, contextOf(turn, undefined))
  }
}

function done(status: 'ok' | 'skipped', message: string): Outcome {
  const json = { changed: false, ...(status === 'skipped' && { skipped: true }) }
  return { status, value: new Map<string, Value>(Object.entries(json)), json, changes: [], diff: [], message }
}

/** `round` keeps two inclusions by one host apart, also where they are the same. */
async function join(
  turn: Turn,
  include: Include,
  local: Variables,
  round: number,
  groups: Map<string, Group>,
): Promise<string> {
  const scope = turn.scope(local)
  const target = str(await resolveAsync(include.target, scope))
  const options: Record<string, Value> = {}
  for (const [name, value] of Object.entries(include.options)) options[name] = await resolveAsync(value, scope)
  const print = fingerprint([target, options, [...local]])
  const repeats = groups.get(print)?.hosts.includes(turn.host) ?? false
  const key = repeats ? `${print}.${round}` : print
  const group = groups.get(key) ?? { target, options, variables: local, hosts: [], repeats }
  group.hosts.push(turn.host)
  groups.set(key, group)
  return target
}

function fingerprint([target, options, local]: [string, Record<string, Value>, [string, Value][]]): string {
  const parts = [target, ...Object.entries(options), ...local].map((part) =>
    typeof part === 'string' ? part : [part[0], toJson(part[1])],
  )
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}

async function enter(
  batch: Batch,
  include: Include,
  loaded: Included,
  group: Group,
  frame: Frame,
  walk: Walk,
): Promise<void> {
  for (const handler of loaded.handlers)
    if (!batch.handlers.some((one) => one.id === handler.id)) batch.handlers.push(handler)
  const own: Variables = new Map([...include.vars].filter(([name, value]) => frame.outerVars.get(name) !== value))
  const more = [own, group.variables].filter((variables) => variables.size > 0)
  const includeParams = [...frame.includeParams, ...more]
  await walk(batch, loaded.steps, group.hosts, { ...frame, includeParams, outerVars: include.vars })
}
