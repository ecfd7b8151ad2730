/** A write that is under way. */
interface Writing {
  readonly host: string
  /** Shell whose commands run in the order in which they were given; undefined: by another way. */
  readonly shell: string | undefined
  /** On the controller itself. */
  readonly controller: boolean
}

/** Where a probe began. */
export interface Mark {
  readonly host: string
  readonly clock: number
  /** A write was under way on the host that the probe does not run behind. */
  readonly disordered: boolean
  /** A write was under way on another host. */
  readonly othersBusy: boolean
  /** A write was under way on the controller, and the host is another one. */
  readonly controllerBusy: boolean
}

/** The last write of all, and the last one to any other host than that. */
export interface Frontier {
  readonly last: { readonly host: string; readonly clock: number } | undefined
  readonly lastElsewhere: number
}

/** When what was written where, on a clock that counts writes: by it a probe that ran ahead knows whether it still holds. */
export class Ledger {
  #clock = 0
  readonly #lastOf = new Map<string, number>()
  readonly #underWay = new Map<string, Set<Writing>>()
  #count = 0
  #frontier: Frontier = { last: undefined, lastElsewhere: 0 }
  #controller: { readonly host: string; readonly clock: number } | undefined
  #controllerUnderWay = 0

  /** A write is handed to the host now. The answer is called when it has ended. */
  begin(host: string, shell: string | undefined, controller: boolean): () => void {
    const writing: Writing = { host, shell, controller }
    const clock = ++this.#clock
    this.#lastOf.set(host, clock)
    const { last, lastElsewhere } = this.#frontier
    const elsewhere = last === undefined || last.host === host ? lastElsewhere : last.clock
    this.#frontier = { last: { host, clock }, lastElsewhere: elsewhere }
    if (controller) {
      this.#controller = { host, clock }
      this.#controllerUnderWay++
    }
    this.#count++
    const here = this.#underWay.get(host) ?? new Set()
    this.#underWay.set(host, here.add(writing))
    return () => {
      if (!here.delete(writing)) return
      this.#count--
      if (controller) this.#controllerUnderWay--
    }
  }

  /** A probe begins now. */
  mark(host: string, shell: string | undefined): Mark {
    const here = this.#underWay.get(host)
    const own = here?.size ?? 0
    let disordered = false
    let controllerHere = 0
    for (const one of here ?? []) {
      if (one.shell === undefined || one.shell !== shell) disordered = true
      if (one.controller) controllerHere++
    }
    return {
      host,
      clock: this.#clock,
      disordered,
      othersBusy: this.#count > own,
      controllerBusy: this.#controllerUnderWay > controllerHere,
    }
  }

  /** What was written until now: a task that begins asks whether its probe was later. */
  get frontier(): Frontier {
    return this.#frontier
  }

  writtenHere(mark: Mark): boolean {
    return (this.#lastOf.get(mark.host) ?? 0) > mark.clock
  }

  writtenElsewhere(mark: Mark, { last, lastElsewhere }: Frontier): boolean {
    const clock = last === undefined || last.host === mark.host ? lastElsewhere : last.clock
    return clock > mark.clock
  }

  writtenOnController(mark: Mark): boolean {
    return this.#controller !== undefined && this.#controller.host !== mark.host && this.#controller.clock > mark.clock
  }
}
