import { columnsOf, oneLine } from './printable.ts'

/** A terminal: where lines go, and how large it is now. */
export interface Terminal {
  write(text: string): void
  readonly columns: number
  /** 24 where it is not known. */
  readonly rows?: number
}

/** A line of the block: plain text, and how it is painted once it is cut to the terminal's width. */
export interface LiveLine {
  readonly text: string
  readonly paint?: (text: string) => string
}

const ESC = '\u001b['
const HIDE = `${ESC}?25l`
const SHOW = `${ESC}?25h`
const TO_LINE_END = `${ESC}K`
const TO_SCREEN_END = `${ESC}J`

/**
 * A block of lines at the bottom that is redrawn in place; finished lines scroll up above it. It is never higher than the
 * terminal, or what scrolled out of it could not be taken back.
 */
export class LiveBlock {
  readonly #terminal: Terminal
  /** Widths of the lines that are drawn now. */
  #drawn: readonly number[] = []
  #last = ''
  #hidden = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Prints lines for good. */
  print(lines: readonly string[], below: readonly LiveLine[]): void {
    const text = lines.map((line) => `${line}${TO_LINE_END}\n`).join('')
    this.#write(this.#up() + text + this.#draw(below))
  }

  /** Draws the block if it is not what stands there. */
  update(below: readonly LiveLine[]): void {
    const key = `${this.#terminal.columns}x${this.#terminal.rows} ${below.map((line) => line.text).join('\n')}`
    if (key === this.#last) return
    this.#last = key
    this.#write(this.#up() + this.#draw(below))
  }

  /** Takes the block away and gives the cursor back. */
  close(): void {
    this.#write(this.#up() + (this.#drawn.length > 0 ? TO_SCREEN_END : '') + (this.#hidden ? SHOW : ''))
    this.#drawn = []
    this.#last = ''
    this.#hidden = false
  }

  #write(text: string): void {
    if (text !== '') this.#terminal.write(text)
  }

  /** To the first line of the block; a terminal that became narrower has wrapped its lines. */
  #up(): string {
    const columns = Math.max(1, this.#terminal.columns)
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    const most = Math.max(1, (this.#terminal.rows ?? 24) - 1)
    return rows === 0 ? '' : `${ESC}${Math.min(rows, most)}F`
  }

  /** Each line over what stood there, then away with what is left: nothing is blank in between. */
  #draw(lines: readonly LiveLine[]): string {
    const width = Math.max(2, this.#terminal.columns) - 1
    const most = Math.max(1, (this.#terminal.rows ?? 24) - 2)
    const shown = lines.slice(0, most).map(({ text, paint }) => ({ text: oneLine(text, width), paint }))
    const erased = this.#drawn.length > 0 ? TO_SCREEN_END : ''
    this.#drawn = shown.map((line) => columnsOf(line.text))
    if (shown.length === 0) return erased
    const cursor = this.#hidden ? '' : HIDE
    this.#hidden = true
    const body = shown.map(({ text, paint }) => `${paint ? paint(text) : text}${TO_LINE_END}\n`).join('')
    return cursor + body + TO_SCREEN_END
  }
}
