import type { AnyModule } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import { firstFalse } from '../task/conditions.ts'
import { groundworkOf } from '../task/groundwork.ts'
import { flag } from '../task/keywords.ts'
import { itemsOf, roundVariables } from '../task/loop.ts'
import { onlyRound, type Round } from '../task/round.ts'
import { scopeOf, type Turn } from '../task/turn.ts'
import { instanceKey } from '../task/turns.ts'
import type { HostAhead } from './host-ahead.ts'
import { givesFacts, namesGivenBy } from './names.ts'
import { Pending } from './pending.ts'
import { keyOf, type Prepared } from './prepared.ts'
import type { Speculation } from './speculation.ts'
import { type Later, upcoming } from './upcoming.ts'

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
  /** What the tasks between the turn and the one looked at will give. */
  readonly #names = new Set<string>()

  constructor(speculation: Speculation, ahead: HostAhead, turn: Turn, shell: string) {
    this.#speculation = speculation
    this.#ahead = ahead
    this.#turn = turn
    this.#shell = shell
    this.#number = ++ahead.look
  }

  /** The items of a loop behind the one at work. */
  async restOfLoop({ items, index }: Round): Promise<Found> {
    const { task, frame, batch } = this.#turn
    const module = await batch.run.request.registry.load(task.module)
    if (!module) return 'barrier'
    for (let next = index + 1; items && next < items.length && module.kind === 'state'; next++) {
      const local = roundVariables(task.loop!, items, next)
      if ((await this.#round({ task, frame }, module, { local, index: next, items })) === 'enough') return 'enough'
    }
    return this.#pass(task, module)
  }

  async at(later: Later): Promise<Found> {
    const { batch } = this.#turn
    const { task } = later
    const module = await batch.run.request.registry.load(task.module)
    if (!module) return 'barrier'
    if (this.#over()) return 'enough'
    if (module.kind === 'fleet') return this.#barrier()
    if (module.kind === 'run' && !batch.run.check && (await this.#willRun(later))) return this.#barrier()
    if (module.kind === 'state' && (await this.#rounds(later, module)) === 'enough') return 'enough'
    return this.#pass(task, module)
  }

  /** What a task gives is pending for those behind it. */
  #pass(task: Task, module: AnyModule): Found {
    const names = namesGivenBy(task)
    if (names === undefined || givesFacts(module)) return this.#barrier()
    for (const name of names) this.#names.add(name)
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
  async #willRun(later: Later): Promise<boolean> {
    const pending = this.#pending()
    try {
      if (later.task.loop) return later.task.when.length === 0
      return (await firstFalse(later.task.when, this.#scope(later, pending))) === undefined
    } catch {
      return false
    }
  }

  async #rounds(later: Later, module: AnyModule): Promise<Found> {
    const { task } = later
    if (module.kind !== 'state' || (module.wakes && this.#speculation.rules.has('wakes'))) return 'seen'
    if (!(await this.#actsHere(later))) return 'seen'
    if (!task.loop) return this.#round(later, module, onlyRound)
    const pending = this.#pending()
    let items: Awaited<ReturnType<typeof itemsOf>>
    try {
      items = await itemsOf(task.loop, this.#scope(later, pending))
    } catch {
      return 'seen'
    }
    if (pending.touched) return 'seen'
    for (const index of items.keys()) {
      const local = roundVariables(task.loop, items, index)
      if ((await this.#round(later, module, { local, index, items })) === 'enough') return 'enough'
    }
    return 'seen'
  }

  /** With run_once only the first host acts. */
  async #actsHere(later: Later): Promise<boolean> {
    const { batch, host } = this.#turn
    if (later.task.runOnce === undefined || batch.alive()[0] === host) return true
    const pending = this.#pending()
    const once = await flag(later.task.runOnce, this.#scope(later, pending), false).catch(() => true)
    return !once && !pending.touched
  }

  async #round(later: Later, module: AnyModule & { kind: 'state' }, round: Round): Promise<Found> {
    if (this.#over()) return 'enough'
    const { batch } = this.#turn
    const key = keyOf({ key: instanceKey(batch, later.task, later.frame) }, round.index)
    if (this.#ahead.prepared.has(key)) return 'seen'
    const pending = this.#pending()
    try {
      const prepared = await this.#prepare(later, module, round, pending)
      if (prepared && !pending.touched && !this.#over()) this.#ahead.prepared.set(key, prepared)
    } catch {
      // Its turn will tell.
    }
    return this.#over() ? 'enough' : 'seen'
  }

  async #prepare(
    later: Later,
    module: AnyModule & { kind: 'state' },
    { local }: Round,
    pending: Pending,
  ): Promise<Prepared | undefined> {
    const { host, batch } = this.#turn
    const { run } = batch
    const { task } = later
    const plain = this.#scope(later, pending)
    const check = await flag(task.checkMode, plain, run.check)
    const diff = await flag(task.diff, plain, run.diff)
    const scope = scopeOf({ batch, frame: later.frame, host, step: task, check, diff, pending }, local)
    if (await firstFalse(task.when, scope)) return undefined
    const groundwork = await groundworkOf({ batch, task, host, check, diff }, module, scope)
    const { hosts, args, target } = groundwork
    // Another user's shell, or another host, is not opened before somebody really needs it.
    if (!hosts || pending.touched || this.#over()) return undefined
    if (hosts.shell !== this.#shell && !run.sessions.isOpen(target, hosts.shell)) return undefined
    const mark = this.#speculation.ledger.mark(target, hosts.shell)
    let prepared: Prepared | undefined
    const { group } = this.#ahead
    const reader = hosts.make({ id: () => prepared?.id, signal: group.signal, shielded: false })
    const state = module.probe(reader, args)
    group.asked(state)
    prepared = {
      groundwork,
      pending,
      state,
      mark,
      generation: host.generation,
      failures: this.#ahead.failures,
      id: undefined,
      answeredAt: undefined,
    }
    const answered = prepared
    state.then(
      () => {
        answered.answeredAt = performance.now()
      },
      () => undefined,
    )
    return prepared
  }

  #pending(): Pending {
    const { rules } = this.#speculation
    return new Pending(new Set(this.#names), { results: rules.has('pending'), moods: rules.has('moods') })
  }

  #scope({ task, frame }: Later, pending: Pending) {
    const { batch, host } = this.#turn
    const { check, diff } = batch.run
    return scopeOf({ batch, frame, host, step: task, check, diff, pending })
  }
}
