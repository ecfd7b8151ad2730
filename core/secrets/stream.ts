import { type Redactor, replaceRanges } from './redactor.ts'

/**
 * Redacts a text that comes in pieces, wherever it is cut. What could be the beginning of a secret is held back until the
 * next piece or the end of the line; lines of a secret over several lines are secrets of their own.
 */
export class RedactingStream {
  readonly #redactor: Redactor
  #held = ''

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  /** What may be shown after this piece. */
  push(piece: string): string {
    const text = this.#held + piece
    const ranges = this.#redactor.find(text)
    const certain = text.length - Math.max(0, this.#redactor.longest - 1)
    let cut = Math.max(text.lastIndexOf('\n') + 1, certain, 0)
    for (const [from, to] of ranges) if (from < cut && cut < to) cut = from
    this.#held = text.slice(cut)
    return replaceRanges(
      text.slice(0, cut),
      ranges.filter(([, to]) => to <= cut),
    )
  }

  /** The rest. */
  end(): string {
    const rest = this.#redactor.text(this.#held)
    this.#held = ''
    return rest
  }
}
