import { oneLine } from './printable.ts'

/** A terminal: where lines go, and how wide it is now. */
export interface Terminal {
  write(text: string): void
  readonly columns: number
}

const HIDE = '\u001b[?25l'
const SHOW = '\u001b[?25h'

/** A block of lines at the bottom that is redrawn in place; finished lines scroll up above it. */
export class LiveBlock {
  readonly #terminal: Terminal
  #drawn = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Prints lines for good. */
  print(lines: readonly string[], below: readonly string[]): void {
    this.#terminal.write(this.#erase() + lines.map((line) => `${line}\n`).join('') + this.#draw(below))
  }

  update(below: readonly string[]): void {
    this.#terminal.write(this.#erase() + this.#draw(below))
  }

  /** Takes the block away and gives the cursor back. */
  close(): void {
    this.#terminal.write(this.#erase() + SHOW)
  }

  #erase(): string {
    const text = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}F\u001b[J`
    this.#drawn = 0
    return text
  }

  #draw(lines: readonly string[]): string {
    this.#drawn = lines.length
    const width = Math.max(20, this.#terminal.columns) - 1
    return lines.length === 0 ? '' : HIDE + lines.map((line) => `${oneLine(line, width)}\n`).join('')
  }
}
