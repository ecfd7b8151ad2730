import type { JsonObject } from '../../events/json.ts'
import {
  type FleetChange,
  type FleetModule,
  type FleetStates,
  type Host,
  type HostName,
  ModuleFailure,
  type Reader,
} from '../../module/types.ts'
import { verifiedAll } from './fleet-verification.ts'

// biome-ignore lint/suspicious/noExplicitAny: the engine runs modules of every argument and state type
export type AnyFleet = FleetModule<any, any, any>

/** What one change of a fleet came to. */
export interface FleetItem {
  readonly change: FleetChange
  readonly status: 'changed' | 'failed' | 'skipped'
  readonly message?: string
  readonly hint?: string
  /** The run was interrupted before its turn. */
  readonly notBegun?: true
}

/** One turn of a fleet module over all its hosts. */
export interface FleetCall {
  // biome-ignore lint/suspicious/noExplicitAny: validated by the module's own schema
  readonly args: any
  readonly check: boolean
  /** Every host of the play's pattern that can be asked; null with a reason where it cannot. */
  readonly readers: ReadonlyMap<HostName, Reader>
  readonly silent: ReadonlyMap<HostName, string>
  /** Hosts that may be changed: those of the play after --limit. */
  readonly writers: ReadonlyMap<HostName, Host>
  /** Hosts that are no writers because they failed before. */
  readonly failed: ReadonlySet<HostName>
  /** What a host, libvirt or the module said; anything else is a bug, or not known yet, and ends the task. */
  isAnswer(error: unknown): boolean
  /** Why a probe failed, as a host that did not answer, or a change; bugs with their code. */
  reasonOf(error: unknown): string
  onSilent(host: HostName, error: unknown): void
  onItem(item: FleetItem): void
  readonly limit: <T>(work: () => Promise<T>) => Promise<T>
  readonly interrupted: () => boolean
}

export interface FleetAnswer {
  readonly items: readonly FleetItem[]
  readonly result: JsonObject
}

const PARALLEL = 50

/** Probe everywhere, one diff, then the changes in the order of their needs, and everything is asked again. */
export async function runFleet(module: AnyFleet, call: FleetCall): Promise<FleetAnswer> {
  const before = await examined(module, call, await ask(module, call, false))
  const changes = module.diff(before, call.args)
  if (call.check || changes.length === 0) {
    const items = foreseen(call, changes)
    for (const item of items) call.onItem(item)
    return { items, result: module.result(before, call.args) }
  }
  const done = await applyAll(module, call, changes)
  const after = await ask(module, call, true)
  const items = verifiedAll(done, await remaining(module, call, after), after.silent, call)
  for (const item of items) call.onItem(item)
  return { items, result: module.result(after, call.args) }
}

/** `again`: something was done, and is told whatever becomes of the asking, an interrupt too. */
async function ask(module: AnyFleet, call: FleetCall, again: boolean): Promise<FleetStates<unknown>> {
  const answered = new Map<HostName, unknown>()
  const silent = new Map(call.silent)
  await Promise.all(
    [...call.readers].map(async ([name, reader]) => {
      try {
        const state = await call.limit(() => module.probe(reader, call.args))
        const silence = module.silence?.(state)
        if (silence === undefined) answered.set(name, state)
        else silent.set(name, silence)
      } catch (error) {
        const isAnswer = call.isAnswer(error)
        if (call.interrupted() ? !again : !isAnswer) throw error
        if (isAnswer) call.onSilent(name, error)
        silent.set(name, call.reasonOf(error))
      }
    }),
  )
  // In the order of the play, whoever answered first.
  const ordered = new Map(
    [...call.readers.keys()].flatMap((name) => (answered.has(name) ? [[name, answered.get(name)] as const] : [])),
  )
  return { answered: ordered, silent, writable: new Set(call.writers.keys()) }
}

async function examined(
  module: AnyFleet,
  call: FleetCall,
  states: FleetStates<unknown>,
): Promise<FleetStates<unknown>> {
  const readers = new Map([...call.readers].filter(([name]) => states.answered.has(name)))
  return module.examine ? module.examine(readers, states, call.args) : states
}

/** What the module would still do; or why it does not say: what was done is told all the same. */
async function remaining(
  module: AnyFleet,
  call: FleetCall,
  states: FleetStates<unknown>,
): Promise<readonly FleetChange[] | ModuleFailure> {
  try {
    const left = module.diff(await examined(module, call, states), call.args)
    return left.filter((change) => change.changes.some((one) => one.effect === 'now'))
  } catch (error) {
    if (error instanceof ModuleFailure) return error
    if (!call.interrupted() && !call.isAnswer(error)) throw error
    return new ModuleFailure(call.reasonOf(error))
  }
}

/** What applyAll would come to, if all went well that can. */
function foreseen(call: FleetCall, changes: readonly FleetChange[]): FleetItem[] {
  const byId = new Map(changes.map((change) => [change.id, change]))
  const items = new Map<string, FleetItem>()
  const visit = (change: FleetChange, above: readonly string[]): FleetItem => {
    const known = items.get(change.id)
    if (known) return known
    const path = [...above, change.id]
    const needs = change.needs.flatMap((id) => (byId.has(id) && !path.includes(id) ? [byId.get(id)!] : []))
    const failed = needs.map((one) => visit(one, path)).find(({ status }) => status !== 'changed')
    const item =
      impossible(call, change) ?? (failed ? notTried(change, failed) : { change, status: 'changed' as const })
    items.set(change.id, item)
    return item
  }
  return changes.map((change) => visit(change, []))
}

const notTried = (change: FleetChange, failed: FleetItem): FleetItem => ({
  change,
  status: 'skipped',
  message: `not tried: ${failed.change.item} failed before`,
})

async function applyAll(module: AnyFleet, call: FleetCall, changes: readonly FleetChange[]): Promise<FleetItem[]> {
  const results = new Map<string, FleetItem>()
  const waiting = [...changes]
  const running = new Set<Promise<void>>()
  const start = (change: FleetChange): void => {
    const work = applyOne(module, call, change).then((item) => {
      results.set(change.id, item)
      running.delete(work)
    })
    running.add(work)
  }
  const known = new Set(changes.map((change) => change.id))
  while (waiting.length > 0 || running.size > 0) {
    for (const change of [...waiting]) {
      const needs = change.needs.filter((id) => known.has(id)).map((id) => results.get(id))
      const failed = needs.find((item) => item && item.status !== 'changed')
      if (failed || call.interrupted()) {
        waiting.splice(waiting.indexOf(change), 1)
        const message = 'not begun: the run was interrupted'
        const item = failed
          ? notTried(change, failed)
          : { change, status: 'skipped' as const, message, notBegun: true as const }
        results.set(change.id, item)
      } else if (needs.every((item) => item !== undefined) && running.size < (module.parallel ?? PARALLEL)) {
        waiting.splice(waiting.indexOf(change), 1)
        start(change)
      }
    }
    if (running.size > 0) await Promise.race(running)
    else if (
      waiting.length > 0 &&
      !waiting.some((change) => change.needs.every((id) => !known.has(id) || results.has(id)))
    ) {
      throw new Error(`changes need one another: ${waiting.map((change) => change.id).join(', ')}`)
    }
  }
  return changes.map((change) => results.get(change.id)!)
}

/** What the module refuses, and what this run may not change. */
function impossible(call: FleetCall, change: FleetChange): FleetItem | undefined {
  if (change.refusal) {
    const { message, hint } = change.refusal
    return { change, status: 'failed', message, ...(hint !== undefined && { hint }) }
  }
  const outside = change.hosts.filter((name) => !call.writers.has(name))
  const failed = outside.filter((name) => call.failed.has(name))
  if (failed.length > 0)
    return { change, status: 'failed', message: `it needs ${failed.join(', ')}, where an earlier task failed` }
  if (outside.length === 0) return undefined
  return {
    change,
    status: 'failed',
    message: `it needs ${outside.join(', ')}, which this run may not change`,
    hint: 'widen --limit',
  }
}

async function applyOne(module: AnyFleet, call: FleetCall, change: FleetChange): Promise<FleetItem> {
  const no = impossible(call, change)
  if (no) return no
  try {
    await module.apply(call.writers, change, call.args)
    return { change, status: 'changed' }
  } catch (error) {
    const failure = error instanceof ModuleFailure ? error : undefined
    const undone = await undo(module, call, change)
    return {
      change,
      status: 'failed',
      message: `${call.reasonOf(error)}${undone}`,
      ...(failure?.hint !== undefined && { hint: failure.hint }),
    }
  }
}

async function undo(module: AnyFleet, call: FleetCall, change: FleetChange): Promise<string> {
  try {
    await module.undo?.(call.writers, change, call.args)
    return ''
  } catch (error) {
    return `; and cleaning up failed: ${call.reasonOf(error)}`
  }
}
