import type { Terminal } from '../../../core/report/index.ts'
import { columnsOf } from '../../../core/report/printable.ts'

/** As much of a terminal as the live block uses; anything else it is sent is an error. */
export class Screen implements Terminal {
  columns: number
  rows: number
  /** All lines, those that scrolled out of the window first. */
  lines: string[] = ['']
  row = 0
  column = 0
  cursor = true
  /** Most rows that a single write ever left blank or moved over. */
  highest = 0

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  write(text: string): void {
    for (const match of text.matchAll(/\u001b\[(\?25[hl]|\d*[FKJ])|\n|[^\u001b\n]/gu)) {
      if (match[1] !== undefined) this.#obey(match[1])
      else if (match[0] === '\n') this.#newline()
      else this.#put(match[0])
    }
    if (text.replace(/\u001b\[(\?25[hl]|\d*[FKJ])|[\n\P{Cc}]/gu, '') !== '')
      throw new Error(`unknown: ${JSON.stringify(text)}`)
  }

  /** What can be seen. */
  get window(): string[] {
    return this.lines.slice(-this.rows)
  }

  #obey(command: string): void {
    if (command.startsWith('?25')) this.cursor = command.endsWith('h')
    else if (command.endsWith('F')) {
      const top = Math.max(0, this.lines.length - this.rows)
      const up = Number(command.slice(0, -1) || 1)
      this.highest = Math.max(this.highest, up)
      this.row = Math.max(top, this.row - up)
      this.column = 0
    } else {
      this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column)
      if (command.endsWith('J')) this.lines.length = this.row + 1
    }
  }

  #newline(): void {
    this.row++
    this.column = 0
    if (this.row === this.lines.length) this.lines.push('')
  }

  #put(char: string): void {
    if (this.column + columnsOf(char) > this.columns) this.#newline()
    const line = this.lines[this.row] ?? ''
    this.lines[this.row] = line.slice(0, this.column) + char + line.slice(this.column + 1)
    this.column += columnsOf(char)
  }
}
