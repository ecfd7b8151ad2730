import { Callable, Float, PythonObject, Tuple, type Value } from '../values.ts'
import { floatText } from './number.ts'
import { usable } from './usable.ts'

/** Python's str(). */
export function str(value: Value): string {
  const v = usable(value)
  return typeof v === 'string' ? v : v instanceof PythonObject ? v.str() : repr(v)
}

/** Python's repr(): `'it'`, `True`, `1.0`, `{'a': [1, None]}`, `(1,)`. */
export function repr(value: Value): string {
  return represent(usable(value), [])
}

function represent(value: Value, inside: readonly Value[]): string {
  const v = usable(value)
  if (v === null) return 'None'
  if (typeof v === 'string') return quoteText(v)
  if (typeof v === 'boolean') return v ? 'True' : 'False'
  if (typeof v === 'bigint') return v.toString()
  if (typeof v === 'number') return Number.isSafeInteger(v) ? String(v) : floatText(v)
  if (v instanceof Float) return floatText(v.value)
  if (v instanceof PythonObject) return v.repr()
  if (v instanceof Callable) return `<function ${v.name}>`
  if (inside.includes(v)) return Array.isArray(v) ? '[...]' : '{...}'
  const within = [...inside, v]
  if (v instanceof Map) {
    return `{${[...v].map(([k, x]) => `${represent(k, within)}: ${represent(x, within)}`).join(', ')}}`
  }
  if (v instanceof Tuple) {
    const items = v.items.map((x) => represent(x, within))
    return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`
  }
  return `[${v.map((x) => represent(x, within)).join(', ')}]`
}

const shortEscapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' }

function quoteText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const body = text.replace(/[\\\p{C}\p{Z}'"]/gu, (c) => {
    if (c === ' ' || ((c === "'" || c === '"') && c !== quote)) return c
    return c === quote ? `\\${c}` : (shortEscapes[c] ?? escapeCodePoint(c.codePointAt(0) ?? 0))
  })
  return quote + body + quote
}

function escapeCodePoint(code: number): string {
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
