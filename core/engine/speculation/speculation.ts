import type { AnyModule } from '../../module/types.ts'
import type { HostRecord } from '../host-record.ts'
import type { SpeculationOptions } from '../request.ts'
import type { Run } from '../run-state.ts'
import { hostsOf } from '../task/groundwork.ts'
import type { Outcome } from '../task/outcome.ts'
import type { Round } from '../task/round.ts'
import type { Turn } from '../task/turn.ts'
import { oldest } from './age.ts'
import { HostAhead } from './host-ahead.ts'
import { type Frontier, Ledger } from './ledger.ts'
import { lookAhead } from './look-ahead.ts'
import type { PendingGuards } from './pending.ts'
import { keyOf, type Prepared } from './prepared.ts'
import { RULES, type Rule } from './rules.ts'

const WIDEST = 32
/** Over all hosts that go through a play together: what waits for its turn takes memory, about 7 kB each. */
const WIDEST_OF_ALL = 10_000
/** More hosts than this are not connected to at once: the first ones would ask long before they are waited for. */
const TOGETHER = 250

/**
 * Probes of tasks whose turn has not come leave with those of the task at work: in one write, and one round trip. What a
 * task finds in its turn is what it would have found without: see rules.ts for why.
 */
export class Speculation {
  readonly ledger = new Ledger()
  readonly rules: ReadonlySet<Rule>
  readonly guards: PendingGuards
  readonly #run: Run
  readonly #widest: number
  readonly #hosts = new Map<HostRecord, HostAhead>()

  constructor(run: Run, options: SpeculationOptions = {}) {
    this.#run = run
    this.#widest = options.window ?? WIDEST
    this.rules = options.rules ?? new Set(RULES)
    this.guards = { results: this.rules.has('pending'), moods: this.rules.has('moods') }
  }

  /** Something was found out about this turn ahead of it, whether it holds or not. */
  hasAhead(turn: Turn, round: Round): boolean {
    return this.#hosts.get(turn.host)?.prepared.has(keyOf(turn, round.index)) ?? false
  }

  /** What was found out about this turn ahead of it; undefined: nothing, or it does not hold any more. */
  async take(turn: Turn, round: Round): Promise<Prepared | undefined> {
    const ahead = this.#hosts.get(turn.host)
    const key = keyOf(turn, round.index)
    const prepared = ahead?.prepared.get(key)
    if (!ahead || !prepared) return undefined
    ahead.prepared.delete(key)
    if (!this.#holds(turn, turn.since, ahead, prepared)) return undefined
    if (prepared.groundwork.target !== turn.host.name && !(await this.#reachesTheSame(turn, prepared))) return undefined
    try {
      await (prepared.answeredAt === undefined ? this.#interruptible(prepared.state) : prepared.state)
    } catch {
      if (this.rules.has('errors')) return undefined
    }
    // It may have read what is not known yet just now.
    if (this.rules.has('pending') && prepared.pending.touched) return undefined
    prepared.begin(turn.id)
    return prepared
  }

  /**
   * Sends probes of the rounds and tasks behind this one; `way` is that of the one at work. They do not open what it has not asked for,
   * nor run before it wakes something up: until it has asked, and the connection is there, they wait.
   */
  ahead(turn: Turn, module: AnyModule, way: { target: string; shell: string }, round: Round, isReached: boolean): void {
    if (this.#widest === 0 || this.#run.interrupts.interrupted) return
    const isOpen = this.#run.sessions.isOpen(way.target, way.shell)
    let ahead = this.#hosts.get(turn.host)
    if (!ahead) {
      if (turn.batch.hosts.length > TOGETHER && !isOpen) return
      ahead = new HostAhead(this.#widestFor(turn), this.#run.interrupts.soft)
      this.#hosts.set(turn.host, ahead)
    }
    const now = this.ledger.frontier
    ahead.prepared.forEach((prepared, key) => {
      if (!this.#holds(turn, now, ahead, prepared)) ahead.prepared.delete(key)
    })
    // A few at a time would be a round trip for each few.
    if (ahead.prepared.size > ahead.window >> 1) return
    const look = (): void => void lookAhead(this, ahead, turn, module, way.shell, round)
    const isFree = isOpen && (isReached || !this.mayWake(module))
    ahead.waiting = isFree ? undefined : look
    if (isFree) look()
    else if (isReached) this.#begin(ahead)
  }

  /** A task of the host's has asked for what does the work, for the first time in its turn, and is connected to it. */
  reached(host: HostRecord): void {
    const ahead = this.#hosts.get(host)
    if (ahead) this.#begin(ahead)
  }

  /** Whoever looks at what a probe wakes up comes behind it. */
  mayWake(module: AnyModule): boolean {
    return module.kind === 'state' && module.wakes !== undefined && module.wakes !== false && this.rules.has('wakes')
  }

  /**
   * While this one looks, the servers of hosts open shells: all hosts are dialled and logged in to first, as far as they have answered. What waits
   * is given up with its turn, or for a newer look.
   */
  #begin(ahead: HostAhead): void {
    const look = ahead.waiting
    if (!look) return
    setImmediate(() => {
      if (ahead.waiting !== look) return
      ahead.waiting = undefined
      if (!this.#run.interrupts.interrupted) look()
    })
  }

  /** Whether what probes behind a write see could still hold in their turn: not while other hosts do the same. */
  countsBehindWrites({ batch }: Turn): boolean {
    return !this.rules.has('fleet-writes') || batch.play.strategy !== 'linear' || batch.isAlone
  }

  settled(turn: Turn, outcome: Outcome): void {
    const { host } = turn
    const ahead = this.#hosts.get(host)
    if (!ahead) return
    ahead.waiting = undefined
    if (outcome.status === 'failed' || outcome.status === 'unreachable' || outcome.status === 'cancelled')
      this.strays(host)
    else if (outcome.status === 'changed') ahead.narrow(this.countsBehindWrites(turn) ? 1 : 0)
    else if (outcome.status === 'ok') ahead.widen()
  }

  /** The host goes where nobody looked: into a rescue. */
  strays(host: HostRecord): void {
    if (this.rules.has('failures')) this.#hosts.get(host)?.drop()
  }

  /** A write is handed to a host, for a task of the owner's. The answer is called when it has ended. */
  begin(host: string, shell: string | undefined, owner: string): () => void {
    this.#hosts.get(this.#run.hosts.of(host))?.written()
    if (owner !== host) this.#hosts.get(this.#run.hosts.of(owner))?.written()
    return this.ledger.begin(host, shell, owner)
  }

  /** A task waited for what others do: what was seen before is as old as if it had been written to. */
  waited(host: string, owner: string): void {
    this.begin(host, undefined, owner)()
  }

  /** `since` is what was written when the turn in question began. */
  #holds(turn: Turn, since: Frontier, ahead: HostAhead, prepared: Prepared): boolean {
    const { ledger, rules } = this
    const { mark } = prepared
    const linear = turn.batch.play.strategy === 'linear'
    if (rules.has('pending') && prepared.pending.touched) return false
    if (rules.has('own-writes') && ledger.writtenHere(mark)) return false
    if (rules.has('common-order') && mark.disordered) return false
    if (rules.has('fleet-writes') && linear && (mark.othersBusy || ledger.writtenElsewhere(mark, since))) return false
    if (rules.has('variables') && prepared.generation !== turn.host.generation) return false
    const { answeredAt } = prepared
    if (rules.has('age') && answeredAt !== undefined && performance.now() - answeredAt > this.#oldest(turn)) {
      ahead.narrow(1)
      return false
    }
    return true
  }

  #widestFor({ batch }: Turn): number {
    return Math.max(1, Math.min(this.#widest, Math.floor(WIDEST_OF_ALL / batch.hosts.length)))
  }

  /** One host at a time waits for none. */
  #oldest({ batch }: Turn): number {
    return oldest(batch.play.strategy === 'linear' ? batch.hosts.length : 1)
  }

  /** A host that does the work for others has variables of its own, which tasks of its own may have changed. */
  async #reachesTheSame(turn: Turn, { groundwork }: Prepared): Promise<boolean> {
    const { hosts, target, scope } = groundwork
    if (!hosts) return true
    try {
      return (await hostsOf(turn, scope, target)).shell === hosts.shell
    } catch {
      return false
    }
  }

  async #interruptible(state: Promise<unknown>): Promise<void> {
    const { soft } = this.#run.interrupts
    if (soft.aborted) throw soft.reason
    let stop: (() => void) | undefined
    try {
      await Promise.race([
        state,
        new Promise((_, reject) => {
          stop = () => reject(soft.reason)
          soft.addEventListener('abort', stop, { once: true })
        }),
      ])
    } finally {
      if (stop) soft.removeEventListener('abort', stop)
    }
  }
}
