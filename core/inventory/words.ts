/** A word of a line of an INI inventory. */
export interface Word {
  readonly text: string
  /** Offset in the line of its first character. */
  readonly start: number
  /** For each character of the text, its offset in the line. */
  readonly offsets: readonly number[]
}

export interface Words {
  readonly words: Word[]
  /** The line ended inside quotes that began here, or behind a backslash. */
  readonly unclosed?: number
  /** A comment cut a word here: `key=a#b`. */
  readonly cut?: number
}

/**
 * The words of a host line as a POSIX shell splits them: quotes join, a backslash escapes outside of single quotes (inside double
 * ones only a quote and itself), `#` begins a comment even inside a word.
 */
export function splitWords(line: string): Words {
  const words: Word[] = []
  let text = ''
  let offsets: number[] = []
  let start = -1
  let quote = ''
  let quoteStart = -1
  const finish = (): void => {
    if (start >= 0) words.push({ text, start, offsets })
    text = ''
    offsets = []
    start = -1
  }
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!
    if (quote !== '') {
      const next = line[i + 1]
      if (c === quote) quote = ''
      else if (c === '\\' && quote === '"' && (next === '"' || next === '\\')) {
        text += next
        offsets.push(++i)
      } else {
        text += c
        offsets.push(i)
      }
      continue
    }
    if (c === '#') {
      const cut = start >= 0 ? { cut: i } : {}
      finish()
      return { words, ...cut }
    }
    if (/\s/.test(c)) finish()
    else {
      if (start < 0) start = i
      if (c === '"' || c === "'") {
        quote = c
        quoteStart = i
      } else if (c === '\\') {
        if (i + 1 >= line.length) return { words, unclosed: i }
        text += line[i + 1]
        offsets.push(++i)
      } else {
        text += c
        offsets.push(i)
      }
    }
  }
  if (quote !== '') return { words, unclosed: quoteStart }
  finish()
  return { words }
}
