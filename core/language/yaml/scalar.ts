import { Float, type Value } from '../values.ts'

/*
 * Plain scalars as PyYAML resolves them: the regular expressions are those of YAML 1.1's type repository as PyYAML
 * documents them. A number is a number only if one of them says so; `1e3`, `0o17`, `y` and `n` are strings.
 */

const booleans = new Map<string, boolean>()
for (const word of ['yes', 'true', 'on']) addCases(word, true)
for (const word of ['no', 'false', 'off']) addCases(word, false)

function addCases(word: string, value: boolean): void {
  for (const form of [word, word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()]) booleans.set(form, value)
}

const nulls = new Set(['', '~', 'null', 'Null', 'NULL'])
const integer =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/** The value of a plain scalar. Dates stay the text that was written. */
export function plainScalar(text: string): Value {
  if (nulls.has(text)) return null
  const bool = booleans.get(text)
  if (bool !== undefined) return bool
  if (!/^[-+.0-9]/.test(text)) return text
  if (integer.test(text)) return parseInteger(text) ?? text
  if (float.test(text)) return parseFloating(text)
  return text
}

/** An int in one of YAML 1.1's notations: decimal, 0b, 0 (octal), 0x, base 60. Undefined when it has no digits. */
export function parseInteger(text: string): number | bigint | undefined {
  const digits = text.replaceAll('_', '')
  const sign = digits.startsWith('-') ? -1n : 1n
  const body = digits.replace(/^[-+]/, '')
  if (body === '' || body === '0b' || body === '0x') return undefined
  if (body.includes(':')) {
    let total = 0n
    for (const part of body.split(':')) total = total * 60n + BigInt(part)
    return int(sign * total)
  }
  if (body === '0') return 0
  if (/^0[0-7]/.test(body)) return int(sign * BigInt(`0o${body.slice(1)}`))
  return int(sign * BigInt(body))
}

function int(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** A float in one of YAML 1.1's notations: decimal, .inf, .nan, base 60. */
export function parseFloating(text: string): number | Float {
  const body = text.replaceAll('_', '').toLowerCase()
  if (body.endsWith('.inf')) return new Float(body.startsWith('-') ? -Infinity : Infinity)
  if (body.endsWith('.nan')) return new Float(Number.NaN)
  let value: number
  if (body.includes(':')) {
    // Summed from the last part on, as PyYAML does: the order shows in the last digit.
    const parts = body.replace(/^[-+]/, '').split(':').reverse()
    value = parts.reduce((total, part, i) => total + Number(part) * 60 ** i, 0) * (body.startsWith('-') ? -1 : 1)
  } else {
    value = Number(body)
  }
  return Number.isInteger(value) || !Number.isFinite(value) ? new Float(value) : value
}

/** What a reader may not expect of a plain scalar; undefined when it is what it looks like. */
export function surprise(text: string, value: Value): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (/^[-+]?0[0-9_]/.test(text)) return `${text} is octal and means ${value}`
    if (text.includes(':')) return `${text} is a number in base 60 and means ${value}`
    if (/^[0-9]+\.[0-9]*0$/.test(text)) return `${text} is a number and loses its last zero`
  }
  if (value instanceof Float && text.includes(':')) return `${text} is a number in base 60 and means ${value.value}`
  return undefined
}
