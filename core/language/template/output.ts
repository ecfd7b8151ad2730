import { str } from '../python/text.ts'
import type { Value } from '../values.ts'
import type { Budget } from './budget.ts'

/** What a template has written: texts and values, until it is known whether it is one value or a string. */
export class Output {
  readonly #budget: Budget
  readonly #parts: Value[] = []
  /** Set by `extends`: what follows is not part of the result. */
  discards = false

  constructor(budget: Budget) {
    this.#budget = budget
  }

  write(value: Value): void {
    if (this.discards || value === '') return
    if (typeof value === 'string') this.#budget.write(value.length)
    this.#parts.push(value)
  }

  /** None is nothing in a text. */
  text(): string {
    let text = ''
    for (const part of this.#parts) {
      if (typeof part === 'string') text += part
      else if (part !== null) {
        const piece = str(part)
        this.#budget.write(piece.length)
        text += piece
      }
    }
    return text
  }

  /** One value as it is, anything else as text. */
  native(): Value {
    return this.#parts.length === 1 ? this.#parts[0]! : this.text()
  }
}
