import { valueError } from './error.ts'
import type { RegexFlags } from './regex.ts'

interface Dialect {
  readonly ascii: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  readonly verbose: boolean
}

interface Translated {
  readonly source: string
  readonly ignoreCase: boolean
}

const start = '(?<![\\s\\S])'
const end = '(?![\\s\\S])'
const wordClass = '\\p{L}\\p{N}_'
const spaceClass = '\\s\\x1c-\\x1f\\x85'

/** Python's syntax in JavaScript's with the flag u. Anchors and the dot are written out: their meaning differs. */
export function translatePattern(pattern: string, flags: RegexFlags): Translated {
  const head = /^(?:\(\?([aimsuxL]+)\))*/.exec(pattern)?.[0] ?? ''
  const inline = head.replace(/[(?)]/g, '')
  const dialect: Dialect = {
    ascii: inline.includes('a'),
    multiline: flags.multiline || inline.includes('m'),
    dotAll: flags.dotAll || inline.includes('s'),
    verbose: inline.includes('x'),
  }
  const translator = new Translator(pattern.slice(head.length), dialect)
  return { source: translator.run(), ignoreCase: flags.ignoreCase === true || inline.includes('i') }
}

class Translator {
  readonly #text: string
  readonly #dialect: Dialect
  #i = 0
  #afterQuantifier = false

  constructor(text: string, dialect: Dialect) {
    this.#text = text
    this.#dialect = dialect
  }

  run(): string {
    let out = ''
    while (this.#i < this.#text.length) out += this.#next()
    return out
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(pattern.source, 'suy')
    sticky.lastIndex = this.#i
    const m = sticky.exec(this.#text)
    if (m) this.#i += m[0].length
    return m ?? undefined
  }

  #next(): string {
    const quantifier = this.#take(/[*+?]|\{(\d*)(,?)(\d*)\}/)
    if (quantifier) return this.#quantifier(quantifier)
    this.#afterQuantifier = false
    if (this.#dialect.verbose && this.#take(/\s+|#[^\n]*/)) return ''
    const c = this.#take(/./)?.[0] ?? ''
    switch (c) {
      case '\\':
        return this.#escape()
      case '[':
        return this.#class()
      case '(':
        return this.#group()
      case '.':
        return this.#dialect.dotAll ? '[\\s\\S]' : '[^\\n]'
      case '^':
        return this.#dialect.multiline ? `(?:(?<=\\n)|${start})` : start
      case '$':
        return this.#dialect.multiline ? `(?=\\n|${end})` : `(?=\\n?${end})`
      case '{':
      case '}':
      case ']':
        return `\\${c}`
      case '/':
        return '\\/'
      default:
        return c
    }
  }

  #quantifier(m: RegExpExecArray): string {
    const [all, low, comma, high] = m
    if (all.startsWith('{')) {
      if (low === '' && high === '') return comma === ',' ? this.#repeat('{0,}') : '\\{\\}'
      return this.#repeat(`{${low || '0'}${comma}${high}}`)
    }
    return this.#repeat(all)
  }

  #repeat(quantifier: string): string {
    if (this.#afterQuantifier) {
      if (quantifier === '?') {
        this.#afterQuantifier = false
        return '?'
      }
      throw valueError(
        quantifier === '+' ? 'possessive quantifiers are not supported' : 'multiple repeat in regular expression',
      )
    }
    this.#afterQuantifier = true
    return quantifier
  }

  #group(): string {
    if (this.#take(/\?#[^)]*\)/)) return ''
    const named = this.#take(/\?P<([^>]*)>/)
    if (named) return `(?<${named[1]}>`
    const backwards = this.#take(/\?P=([^)]*)\)/)
    if (backwards) return `\\k<${backwards[1]}>`
    const kept = this.#take(/\?(?::|=|!|<=|<!)/)
    if (kept) return `(${kept[0]}`
    const other = this.#take(/\?(?:>|\(|[a-zA-Z-]+[:)]|.)/)
    if (other) throw valueError(`'(${other[0]}' is not supported in a regular expression`)
    return '('
  }

  #escape(): string {
    const c = this.#take(/./)?.[0]
    if (c === undefined) throw valueError('bad escape (end of pattern)')
    const { ascii } = this.#dialect
    if (c === 'A') return start
    if (c === 'Z') return end
    if (!ascii && 'dDwWsS'.includes(c)) return this.#category(c)
    if (!ascii && (c === 'b' || c === 'B')) return boundary(c)
    return this.#plainEscape(c)
  }

  #category(c: string): string {
    const inside = { d: '\\p{Nd}', w: wordClass, s: spaceClass }[c.toLowerCase()] ?? ''
    return c === c.toLowerCase() ? `[${inside}]` : `[^${inside}]`
  }

  /** An escape that means the same inside and outside a class. */
  #plainEscape(c: string): string {
    if (/[dDwWsSbBfnrtv]/.test(c)) return `\\${c}`
    if (c === 'a') return '\\x07'
    if (c === 'U') return `\\u{${this.#take(/[0-9a-fA-F]{8}/)?.[0] ?? ''}}`
    if (c === 'x' || c === 'u') return `\\${c}`
    if (c === '0')
      return `\\x${Number.parseInt(this.#take(/[0-7]{1,2}/)?.[0] ?? '0', 8)
        .toString(16)
        .padStart(2, '0')}`
    if (/[1-9]/.test(c)) return `(?:\\${c}${this.#take(/\d/)?.[0] ?? ''})`
    if (/[A-Za-z]/.test(c)) throw valueError(`bad escape \\${c} in regular expression`)
    return /[\^$\\.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c
  }

  #class(): string {
    let out = this.#take(/\^/) ? '[^' : '['
    if (this.#take(/\]/)) out += '\\]'
    for (;;) {
      const c = this.#take(/./)?.[0]
      if (c === undefined) throw valueError('unterminated character set in regular expression')
      if (c === ']') return `${out}]`
      out += c === '\\' ? this.#classEscape() : c === '[' || c === '/' ? `\\${c}` : c
    }
  }

  #classEscape(): string {
    const c = this.#take(/./)?.[0] ?? ''
    if (c === '-') return '\\-'
    if (this.#dialect.ascii || !'dws'.includes(c) || c === '') return this.#plainEscape(c)
    return { d: '\\p{Nd}', w: wordClass, s: spaceClass }[c] ?? ''
  }
}

function boundary(c: string): string {
  const word = `[${wordClass}]`
  const edges = `(?<=${word})(?!${word})|(?<!${word})(?=${word})`
  return c === 'b' ? `(?:${edges})` : `(?!${edges})`
}
