import { ConnectionError } from './errors.ts'
import type { ShellText } from './quote.ts'
import { Aborts } from './shell/aborts.ts'
import type { CommandOptions, CommandResult, Shell } from './types.ts'

/** A look at a host that is taken for several askers by one script, with fewer processes than a script for each of them. */
export interface JointRead<I, R> {
  /** What tells items apart: those with the same key are looked at once. */
  key(item: I): string
  /** Changes nothing; for at least one item, each key once. */
  script(items: readonly I[]): ShellText
  /** One answer for each item, in order. An Error is for those who asked for that item; what it raises is for all. */
  parse(answer: CommandResult, items: readonly I[]): readonly (R | Error)[]
  /** Items of one script at most. */
  readonly most: number
}

const ofShell = new WeakMap<Shell, JointReads>()

/** Those of that shell. */
export function jointReads(shell: Shell): JointReads {
  const known = ofShell.get(shell)
  if (known) return known
  const made = new JointReads(shell)
  ofShell.set(shell, made)
  return made
}

/** The looks that one shell is asked for: what is asked before the script is sent, and before any change, goes into one. */
class JointReads {
  readonly #shell: Shell
  readonly #aborts = new Aborts()
  readonly #open = new Map<JointRead<never, unknown>, Joint<never, unknown>>()

  constructor(shell: Shell) {
    this.#shell = shell
  }

  /** Raises what `parse` has for the item, what the shell raises, and the signal's reason. */
  ask<I, R>(read: JointRead<I, R>, item: I, signal: AbortSignal, options: CommandOptions): Promise<R> {
    // Nobody would take such an item, or end what was sent without it.
    if (signal.aborted) return Promise.reject(signal.reason)
    const key = read.key(item)
    let joint = this.#open.get(read) as Joint<I, R> | undefined
    if (!joint?.takes(key)) {
      joint = new Joint(this.#shell, read, options)
      this.#open.set(read, joint as unknown as Joint<never, unknown>)
    }
    return joint.join(key, item, signal, this.#aborts)
  }

  /** Something is going to be changed: what is asked from now on is looked at behind it. */
  cut(): void {
    this.#open.clear()
  }
}

class Joint<I, R> {
  readonly #shell: Shell
  readonly #read: JointRead<I, R>
  readonly #options: CommandOptions
  readonly #items = new Map<string, I>()
  readonly #unwanted = new AbortController()
  readonly #answers: Promise<ReadonlyMap<string, R | Error>>
  #asking = 0
  #sent = false

  constructor(shell: Shell, read: JointRead<I, R>, options: CommandOptions) {
    this.#shell = shell
    this.#read = read
    this.#options = { ...options, signal: this.#unwanted.signal }
    this.#answers = this.#ask()
    this.#answers.catch(() => undefined)
  }

  takes(key: string): boolean {
    if (this.#sent || this.#unwanted.signal.aborted) return false
    return this.#items.size < this.#read.most || this.#items.has(key)
  }

  async join(key: string, item: I, signal: AbortSignal, aborts: Aborts): Promise<R> {
    if (!this.#items.has(key)) this.#items.set(key, item)
    this.#asking++
    const given = new Promise<never>((_, reject) => {
      const over = aborts.add(signal, () => {
        reject(signal.reason)
        if (--this.#asking === 0) this.#unwanted.abort(signal.reason)
      })
      this.#answers.then(over, over)
    })
    const answer = (await Promise.race([this.#answers, given])).get(key)
    if (answer instanceof Error) throw answer
    return answer as R
  }

  async #ask(): Promise<ReadonlyMap<string, R | Error>> {
    try {
      return await this.#run(() => {
        this.#sent = true
        return this.#items
      })
    } catch (error) {
      const alone = this.#items.size === 1 || error instanceof ConnectionError || this.#unwanted.signal.aborted
      if (alone) throw error
    }
    // Too much output, or one that hangs: each for itself.
    const each = await Promise.all(
      [...this.#items].map(async ([key, item]): Promise<[string, R | Error]> => {
        const answer = await this.#run(() => new Map([[key, item]])).catch((error: Error) => error)
        return [key, answer instanceof Error ? answer : answer.get(key)!]
      }),
    )
    return new Map(each)
  }

  async #run(choose: () => ReadonlyMap<string, I>): Promise<Map<string, R | Error>> {
    let keys: readonly string[] = []
    let items: readonly I[] = []
    const answer = await this.#shell.run(() => {
      const chosen = choose()
      keys = [...chosen.keys()]
      items = [...chosen.values()]
      return this.#read.script(items)
    }, this.#options)
    const answers = this.#read.parse(answer, items)
    return new Map(keys.map((key, i) => [key, answers[i]!]))
  }
}
