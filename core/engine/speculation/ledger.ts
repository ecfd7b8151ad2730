/** A write that is under way. */
interface Writing {
  /** Shell whose commands run in the order in which they were given; undefined: by another way. */
  readonly shell: string | undefined
}

/** Where a probe began. */
export interface Mark {
  readonly host: string
  /** Host whose task it is: another one where the task is delegated. */
  readonly owner: string
  readonly clock: number
  /** A write was under way, on the host or by the owner's task, that the probe does not run behind. */
  readonly disordered: boolean
  /** A write was under way on another host. */
  readonly othersBusy: boolean
}

/** The last write of all, and the last one to any other host than that. */
export interface Frontier {
  readonly last: { readonly host: string; readonly clock: number } | undefined
  readonly lastElsewhere: number
}

/**
 * When what was written where, and for whose task, on a clock that counts writes: by it a probe that ran ahead knows whether
 * it still holds. Names of shells differ from host to host.
 */
export class Ledger {
  #clock = 0
  #count = 0
  readonly #lastOn = new Map<string, number>()
  readonly #lastBy = new Map<string, number>()
  readonly #underWayOn = new Map<string, Set<Writing>>()
  readonly #underWayBy = new Map<string, Set<Writing>>()
  #frontier: Frontier = { last: undefined, lastElsewhere: 0 }

  /** A write is handed to the host now, for a task of the owner's. The answer is called when it has ended. */
  begin(host: string, shell: string | undefined, owner: string): () => void {
    const writing: Writing = { shell }
    const clock = ++this.#clock
    this.#lastOn.set(host, clock)
    this.#lastBy.set(owner, clock)
    const { last, lastElsewhere } = this.#frontier
    const elsewhere = last === undefined || last.host === host ? lastElsewhere : last.clock
    this.#frontier = { last: { host, clock }, lastElsewhere: elsewhere }
    const here = added(this.#underWayOn, host, writing)
    const own = added(this.#underWayBy, owner, writing)
    this.#count++
    return () => {
      if (!here.delete(writing)) return
      own.delete(writing)
      this.#count--
    }
  }

  /** A probe for a task of the owner's begins now. */
  mark(host: string, shell: string, owner: string): Mark {
    const here = this.#underWayOn.get(host)
    const own = this.#underWayBy.get(owner)
    const disordered = isDisordered(here, shell) || isDisordered(own, shell)
    return { host, owner, clock: this.#clock, disordered, othersBusy: this.#count > (here?.size ?? 0) }
  }

  /** What was written until now: a task that begins asks whether its probe was later. */
  get frontier(): Frontier {
    return this.#frontier
  }

  /** On the probe's host, or for a task of its owner's, wherever that was done. */
  writtenHere({ host, owner, clock }: Mark): boolean {
    return (this.#lastOn.get(host) ?? 0) > clock || (this.#lastBy.get(owner) ?? 0) > clock
  }

  writtenElsewhere(mark: Mark, { last, lastElsewhere }: Frontier): boolean {
    const clock = last === undefined || last.host === mark.host ? lastElsewhere : last.clock
    return clock > mark.clock
  }
}

function isDisordered(underWay: ReadonlySet<Writing> | undefined, shell: string): boolean {
  if (underWay) for (const one of underWay) if (one.shell !== shell) return true
  return false
}

function added<T>(sets: Map<string, Set<T>>, key: string, one: T): Set<T> {
  const set = sets.get(key) ?? new Set()
  sets.set(key, set)
  return set.add(one)
}
