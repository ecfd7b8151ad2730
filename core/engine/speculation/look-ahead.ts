import type { Value } from '../../language/values.ts'
import type { AnyModule } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import type { HostKind } from '../host/task-hosts.ts'
import { firstFalse } from '../task/conditions.ts'
import { groundworkOf } from '../task/groundwork.ts'
import { flag } from '../task/keywords.ts'
import { itemsOf, roundVariables } from '../task/loop.ts'
import { onlyRound, type Round } from '../task/round.ts'
import { scopeOf, scopesOf, type Turn } from '../task/turn.ts'
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
  module: AnyModule,
  shell: string,
  round: Round,
): Promise<void> {
  const look = new Look(speculation, ahead, turn, shell)
  try {
    const rest = look.restOfLoop(module, round)
    if ((typeof rest === 'string' ? rest : await rest) !== 'seen') return
    for (const later of upcoming(turn.batch, turn.after)) {
      if (later === 'barrier') {
        if (speculation.rules.has('barriers')) return
        continue
      }
      const found = look.at(later)
      if ((typeof found === 'string' ? found : await found) !== 'seen') return
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
  restOfLoop(module: AnyModule, { items, index }: Round): Found | Promise<Found> {
    this.#isWaking = this.#speculation.mayWake(module)
    if (items === undefined || index + 1 >= items.length || module.kind !== 'state')
      return this.#pass(namesGivenBy(this.#turn.task), module)
    return this.#items(module, items, index + 1)
  }

  async #items(module: State, items: readonly Value[], from: number): Promise<Found> {
    const { task, frame, key } = this.#turn
    const gives = namesGivenBy(task)
    const own: Later = { task, frame, key, gives }
    const pending = this.#pending()
    const scopes = this.#scopes(own, pending)
    for (let index = from; index < items.length && !pending.touched; index++) {
      const local = roundVariables(task.loop!, items, index)
      const found = await this.#round(own, module, { local, index, items }, pending, scopes)
      if (found !== 'seen') return found
    }
    return this.#pass(gives, module)
  }

  /** Waits for nothing where nothing is to be evaluated: most tasks were prepared by an earlier look. */
  at(later: Later): Found | Promise<Found> {
    const { task } = later
    const module = this.#turn.batch.run.modules.get(task.module)
    if (!module) return this.#load(later)
    if (this.#over()) return 'enough'
    if (module.kind === 'fleet' || this.#isTimed(task) || this.#isForAll(task)) return this.#barrier()
    if (module.kind === 'run' && !this.#turn.batch.run.check) {
      if (task.when.length === 0) return this.#barrier()
      if (!task.loop) return this.#conditional(later, module)
    }
    if (module.kind === 'state' && (task.loop || !this.#isPrepared(later, onlyRound))) return this.#state(later, module)
    return this.#pass(later.gives, module)
  }

  async #load(later: Later): Promise<Found> {
    const module = await this.#turn.batch.run.load(later.task.module)
    return module ? await this.at(later) : this.#barrier()
  }

  /** A command with a condition that is not known yet may be skipped: then what is behind it holds. */
  async #conditional(later: Later, module: AnyModule): Promise<Found> {
    const { task } = later
    const scope = this.#scopes(later, this.#pending())()
    const failing = await firstFalse(task.when, scope).catch(() => 'unknown')
    return failing === undefined ? this.#barrier() : this.#pass(later.gives, module)
  }

  async #state(later: Later, module: State): Promise<Found> {
    const pending = this.#pending()
    const scopes = this.#scopes(later, pending)
    const isSingle = !later.task.loop && later.task.runOnce === undefined
    const found = await (isSingle
      ? this.#round(later, module, onlyRound, pending, scopes)
      : this.#rounds(later, module, pending, scopes))
    return found === 'seen' ? this.#pass(later.gives, module) : found
  }

  /** What a task gives is pending for those behind it. */
  #pass(names: readonly string[] | undefined, module: AnyModule): Found {
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
    if (task.runOnce !== undefined && !(await this.#actsHere(task.runOnce, scopes))) return 'seen'
    if (!task.loop) return await this.#round(later, module, onlyRound, pending, scopes)
    let items: Awaited<ReturnType<typeof itemsOf>>
    try {
      items = await itemsOf(task.loop, scopes())
    } catch {
      return this.#speculation.mayWake(module) ? 'barrier' : 'seen'
    }
    for (const index of items.keys()) {
      const local = roundVariables(task.loop, items, index)
      if (pending.touched) return this.#speculation.mayWake(module) ? 'barrier' : 'seen'
      const found = await this.#round(later, module, { local, index, items }, pending, scopes)
      if (found !== 'seen') return found
    }
    return 'seen'
  }

  /** With run_once only the first host acts. */
  async #actsHere(runOnce: Value, scopes: Scopes): Promise<boolean> {
    const { batch, host } = this.#turn
    if (batch.first === host.name) return true
    return !(await flag(runOnce, scopes(), 'run_once', false).catch(() => true))
  }

  async #round(later: Later, module: State, round: Round, pending: Pending, scopes: Scopes): Promise<Found> {
    if (this.#over()) return 'enough'
    if (this.#isPrepared(later, round)) return 'seen'
    let prepared: Prepared | 'quiet' | undefined
    try {
      prepared = await this.#prepare(later, module, round, pending, scopes)
    } catch {
      // Its turn will tell.
    }
    if (this.#over()) return 'enough'
    if (pending.touched || prepared === undefined) return this.#speculation.mayWake(module) ? 'barrier' : 'seen'
    if (prepared !== 'quiet') this.#ahead.prepared.set(keyOf(later, round.index), prepared)
    return 'seen'
  }

  #isPrepared(later: Later, { index }: Round): boolean {
    return this.#ahead.prepared.has(keyOf(later, index))
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
      check = await flag(task.checkMode, scope, 'check_mode', check)
      diff = await flag(task.diff, scope, 'diff', diff)
      scope = scopeOf({ batch, frame, host, step: task, check, diff, pending }, local)
    }
    if (task.when.length > 0 && (await firstFalse(task.when, scope))) return 'quiet'
    const groundwork = await groundworkOf({ batch, task, host, check, diff }, module, scope)
    const { hosts, args, target } = groundwork
    // Another user's shell, or another host, is not opened before somebody really needs it.
    if (!hosts || pending.touched || this.#over()) return undefined
    if (this.#speculation.mayWake(module) && (typeof module.wakes !== 'function' || module.wakes(args)))
      return undefined
    const isOpen = hosts.shell === this.#shell || (!this.#isWaking && run.sessions.isOpen(target, hosts.shell))
    if (!isOpen || !run.sessions.knows(target, hosts)) return 'quiet'
    const mark = this.#speculation.ledger.mark(target, hosts.shell, host.name)
    const { group } = this.#ahead
    const kind: HostKind = { id: undefined, signal: group.signal, shielded: false }
    const reader = hosts.make(kind)
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
        kind.id = turn
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
    return new Pending(this.#names, this.#speculation.guards)
  }

  #scopes({ task, frame }: Later, pending: Pending): Scopes {
    const { batch, host } = this.#turn
    const { check, diff } = batch.run
    return scopesOf({ batch, frame, host, step: task, check, diff, pending })
  }
}
