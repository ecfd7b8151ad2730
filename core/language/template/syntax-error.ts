/** A template that cannot be read: what is wrong and at which offset of its text. Turned into a diagnostic by compile.ts. */
export class SyntaxMistake extends Error {
  readonly offset: number
  readonly hint: string | undefined
  constructor(message: string, offset: number, hint?: string) {
    super(message)
    this.name = 'SyntaxMistake'
    this.offset = offset
    this.hint = hint
  }
}
