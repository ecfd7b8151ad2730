import type { AnyModule } from '../../module/types.ts'

/** How many writes a module's last apply took: its verification leaves right behind the last of them. */
const writesOf = new WeakMap<AnyModule, number>()

/**
 * A probe sent behind an apply's write, in the same round trip, before the write was answered. It counts only if apply was
 * over with the answer to that write: no more writes, nothing waited for. Otherwise, and if it failed, the host is asked again.
 */
export class Verification<S> {
  readonly #module: AnyModule
  readonly #probe: () => Promise<S>
  #writes = 0
  #ordered = true
  /** Apply went on after the last write was answered. */
  #waited = false
  #early: { readonly after: number; readonly state: Promise<S> } | undefined

  constructor(module: AnyModule, probe: () => Promise<S>) {
    this.#module = module
    this.#probe = probe
  }

  /** A write was handed to the host. Answers whether it is the last one, as far as is known. */
  written(ordered: boolean, answered: Promise<unknown>): boolean {
    this.#writes++
    const isOver = (): void => void setImmediate(() => (this.#waited = true))
    answered.then(isOver, isOver)
    this.#ordered &&= ordered
    if (!this.#ordered || this.#writes !== (writesOf.get(this.#module) ?? 1)) return false
    const state = this.#probe()
    state.catch(() => undefined)
    this.#early = { after: this.#writes, state }
    return true
  }

  /** What the host is like now that apply has ended. */
  async state(): Promise<S> {
    if (this.#ordered && this.#writes > 0) writesOf.set(this.#module, this.#writes)
    const early = this.#early
    if (!early || !this.#ordered || this.#waited || early.after !== this.#writes) return this.#probe()
    try {
      return await early.state
    } catch {
      return this.#probe()
    }
  }
}
