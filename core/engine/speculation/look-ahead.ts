import type { AnyModule } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import { firstFalse } from '../task/conditions.ts'
import { groundworkOf } from '../task/groundwork.ts'
import { flag } from '../task/keywords.ts'
import { itemsOf, roundVariables } from '../task/loop.ts'
import { onlyRound, type Round } from '../task/round.ts'
import { scopeOf, scopesOf, type Turn } from '../task/turn.ts'
import { instanceKey } from '../task/turns.ts'
import type { LayeredScope } from '../variables/scope.ts'
import type { HostAhead } from './host-ahead.ts'
import { givesFacts, namesGivenBy } from './names.ts'
import { Pending } from './pending.ts'
import { keyOf, type Prepared } from './prepared.ts'
import type { Speculation } from './speculation.ts'
import { type Later, upcoming } from './upcoming.ts'

type State = AnyModule & { kind: 'state' }
type Scopes = ReturnType<typeof scopesOf>

/** Looks at a task, and does not get further: what stands in the way, if anything does. */
type Found = 'seen' | 'barrier' | 'enough'

/**
 * Goes through what comes behind a turn, and sends the probes that can be sent now. Never rejects: what goes wrong ahead
 * of its turn is done again in it.
 */
export async function lookAhead(
  speculation: Speculation,
  ahead: HostAhead,
  turn: Turn,
  shell: string,
  round: Round,
): Promise<void> {
  const look = new Look(speculation, ahead, turn, shell)
  try {
    const rest = await look.restOfLoop(round)
    if (rest !== 'seen') return
    for (const later of upcoming(turn.batch, turn.after)) {
      if (later === 'barrier') {
        if (speculation.rules.has('barriers')) return
        continue
      }
      if ((await look.at(later)) !== 'seen') return
    }
  } catch {
    // Its turn will tell.
  }
}

class Look {
  readonly #speculation: Speculation
  readonly #ahead: HostAhead
  readonly #turn: Turn
  readonly #shell: string
  readonly #number: number
  /** Of the host's variables when the look began: what comes while it goes on is in no condition or argument for sure. */
  readonly #generation: number
  /** The turn's own probe may wake something up: its shell runs what is sent now behind it, others at once. */
  #isWaking = false
  /** What the tasks between the turn and the one looked at will give. */
  #names: ReadonlySet<string> = new Set()

  constructor(speculation: Speculation, ahead: HostAhead, turn: Turn, shell: string) {
    this.#speculation = speculation
    this.#ahead = ahead
    this.#turn = turn
    this.#shell = shell
    this.#number = ++ahead.look
    this.#generation = turn.host.generation
  }

  /** The items of a loop behind the one at work. */
  async restOfLoop({ items, index }: Round): Promise<Found> {
    const { task, frame, batch } = this.#turn
    const module = await batch.run.request.registry.load(task.module)
    if (!module) return 'barrier'
    this.#isWaking = module.kind === 'state' && this.#mayWake(module)
    const more = items !== undefined && index + 1 < items.length
    if (more && module.kind === 'state') {
      const pending = this.#pending()
      const scopes = this.#scopes({ task, frame }, pending)
      for (let next = index + 1; next < items.length && !pending.touched; next++) {
        const local = roundVariables(task.loop!, items, next)
        const found = await this.#round({ task, frame }, module, { local, index: next, items }, pending, scopes)
        if (found !== 'seen') return found
      }
    }
    return this.#pass(task, module)
  }

  async at(later: Later): Promise<Found> {
    const { batch } = this.#turn
    const { task } = later
    const module = await batch.run.request.registry.load(task.module)
    if (!module) return this.#barrier()
    if (this.#over()) return 'enough'
    if (module.kind === 'fleet' || this.#isTimed(task) || this.#isForAll(task)) return this.#barrier()
    if (module.kind !== 'control') {
      const pending = this.#pending()
      const scopes = this.#scopes(later, pending)
      if (module.kind === 'run' && !batch.run.check && (await this.#willRun(later, scopes()))) return this.#barrier()
      const found = module.kind === 'state' ? await this.#rounds(later, module, pending, scopes) : 'seen'
      if (found !== 'seen') return found
    }
    return this.#pass(task, module)
  }

  /** What a task gives is pending for those behind it. */
  #pass(task: Task, module: AnyModule): Found {
    const names = namesGivenBy(task)
    if (names === undefined || givesFacts(module)) return this.#barrier()
    // What was given to a task that runs ahead stays as it was.
    if (names.length > 0) this.#names = new Set([...this.#names, ...names])
    return this.#over() ? 'enough' : 'seen'
  }

  #barrier(): Found {
    return this.#speculation.rules.has('barriers') ? 'barrier' : 'seen'
  }

  #over(): boolean {
    return (
      this.#ahead.look !== this.#number ||
      this.#ahead.prepared.size >= this.#ahead.window ||
      this.#turn.batch.run.interrupts.interrupted
    )
  }

  /** A command with a condition that is not known yet may be skipped: then what is behind it holds. */
  async #willRun({ task }: Later, scope: LayeredScope): Promise<boolean> {
    try {
      if (task.loop) return task.when.length === 0
      return (await firstFalse(task.when, scope)) === undefined
    } catch {
      return false
    }
  }

  /** Its time must not go by while others look. */
  #isTimed({ timeout }: Task): boolean {
    return timeout !== undefined
  }

  /** Hosts that come one by one wait for the first one here. */
  #isForAll({ runOnce }: Task): boolean {
    return runOnce !== undefined && this.#turn.batch.play.strategy !== 'linear'
  }

  async #rounds(later: Later, module: State, pending: Pending, scopes: Scopes): Promise<Found> {
    const { task } = later
    if (!(await this.#actsHere(task, scopes()))) return 'seen'
    if (!task.loop) return this.#round(later, module, onlyRound, pending, scopes)
    let items: Awaited<ReturnType<typeof itemsOf>>
    try {
      items = await itemsOf(task.loop, scopes())
    } catch {
      return this.#mayWake(module) ? 'barrier' : 'seen'
    }
    for (const index of items.keys()) {
      const local = roundVariables(task.loop, items, index)
      if (pending.touched) return this.#mayWake(module) ? 'barrier' : 'seen'
      const found = await this.#round(later, module, { local, index, items }, pending, scopes)
      if (found !== 'seen') return found
    }
    return 'seen'
  }

  /** With run_once only the first host acts. */
  async #actsHere({ runOnce }: Task, scope: LayeredScope): Promise<boolean> {
    const { batch, host } = this.#turn
    if (runOnce === undefined || batch.first === host.name) return true
    return !(await flag(runOnce, scope, false).catch(() => true))
  }

  async #round(later: Later, module: State, round: Round, pending: Pending, scopes: Scopes): Promise<Found> {
    if (this.#over()) return 'enough'
    const key = keyOf({ key: instanceKey(this.#turn.batch, later.task, later.frame) }, round.index)
    if (this.#ahead.prepared.has(key)) return 'seen'
    let prepared: Prepared | 'quiet' | undefined
    try {
      prepared = await this.#prepare(later, module, round, pending, scopes)
    } catch {
      // Its turn will tell.
    }
    if (this.#over()) return 'enough'
    if (pending.touched || prepared === undefined) return this.#mayWake(module) ? 'barrier' : 'seen'
    if (prepared !== 'quiet') this.#ahead.prepared.set(key, prepared)
    return 'seen'
  }

  /** Whoever looks at what a probe wakes up comes behind it. */
  #mayWake({ wakes }: State): boolean {
    return wakes !== undefined && wakes !== false && this.#speculation.rules.has('wakes')
  }

  /** Undefined: it is not known before its turn what it does; `quiet`: it does nothing now that others could notice. */
  async #prepare(
    { task, frame }: Later,
    module: State,
    { local }: Round,
    pending: Pending,
    scopes: Scopes,
  ): Promise<Prepared | 'quiet' | undefined> {
    const { host, batch } = this.#turn
    const { run } = batch
    let { check, diff } = run
    let scope = scopes(local)
    if (task.checkMode !== undefined || task.diff !== undefined) {
      check = await flag(task.checkMode, scope, check)
      diff = await flag(task.diff, scope, diff)
      scope = scopeOf({ batch, frame, host, step: task, check, diff, pending }, local)
    }
    if (await firstFalse(task.when, scope)) return 'quiet'
    const groundwork = await groundworkOf({ batch, task, host, check, diff }, module, scope)
    const { hosts, args, target } = groundwork
    // Another user's shell, or another host, is not opened before somebody really needs it.
    if (!hosts || pending.touched || this.#over()) return undefined
    if (this.#mayWake(module) && (typeof module.wakes !== 'function' || module.wakes(args))) return undefined
    const isOpen = hosts.shell === this.#shell || (!this.#isWaking && run.sessions.isOpen(target, hosts.shell))
    if (!isOpen) return 'quiet'
    const mark = this.#speculation.ledger.mark(target, hosts.shell, host.name)
    const { group } = this.#ahead
    let id: string | undefined
    const reader = hosts.make({ id: () => id, signal: group.signal, shielded: false })
    const state = module.probe(reader, args)
    group.asked(state)
    const prepared: Prepared = {
      groundwork,
      pending,
      state,
      mark,
      generation: this.#generation,
      answeredAt: undefined,
      begin: (turn) => {
        id = turn
        pending.lift()
      },
    }
    state.then(
      () => {
        prepared.answeredAt = performance.now()
      },
      () => undefined,
    )
    return prepared
  }

  #pending(): Pending {
    const { rules } = this.#speculation
    return new Pending(this.#names, { results: rules.has('pending'), moods: rules.has('moods') })
  }

  #scopes({ task, frame }: Later, pending: Pending): Scopes {
    const { batch, host } = this.#turn
    const { check, diff } = batch.run
    return scopesOf({ batch, frame, host, step: task, check, diff, pending })
  }
}
