/**
 * The one place where values become shell text. Scripts are written with the tag `sh`, which quotes every interpolated
 * value for POSIX sh; there is no other way to make a ShellText from a string but `sh.raw`, for text we wrote ourselves.
 */

/** POSIX shell text whose interpolated values are quoted. */
export class ShellText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export type ShellValue = string | number | ShellText | readonly (string | number | ShellText)[]

const SAFE = /^[A-Za-z0-9_@%+=:,./-]+$/

/** One word for POSIX sh. Throws RangeError for a NUL byte, which no argument can carry. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('a NUL byte cannot be passed to a command')
  if (SAFE.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}

function part(value: ShellValue): string {
  if (value instanceof ShellText) return value.text
  if (typeof value === 'string') return quote(value)
  if (typeof value === 'number') return String(value)
  return value.map(part).join(' ')
}

/** sh`test -e ${path}`: strings are quoted as one word, arrays as one word each, ShellText is taken as it is. */
export function sh(strings: TemplateStringsArray, ...values: ShellValue[]): ShellText {
  let text = strings[0] ?? ''
  for (const [i, value] of values.entries()) text += part(value) + (strings[i + 1] ?? '')
  return new ShellText(text)
}

/** Text of our own, taken as it is: never for a value of a user's or a host's. */
sh.raw = (text: string): ShellText => new ShellText(text)

/** An argument vector as one simple command. */
sh.argv = (argv: readonly string[]): ShellText => new ShellText(argv.map(quote).join(' '))

/** Scripts joined by a separator, a newline unless told. */
sh.join = (parts: readonly ShellText[], separator = '\n'): ShellText =>
  new ShellText(parts.map((p) => p.text).join(separator))
