import { PythonObject, type Value } from '../values.ts'
import { PythonError, valueError } from './error.ts'
import { NamedTuple } from './object.ts'
import { getItem } from './sequence.ts'
import { formatValue } from './spec.ts'
import { repr, str } from './text.ts'
import { typeName } from './typename.ts'

type Fields = (name: string) => Value

/** str.format(*args, **kwargs). Fields reach items and the attributes of named tuples and datetimes, nothing else. */
export function formatFields(text: string, args: readonly Value[], kwargs: ReadonlyMap<string, Value>): string {
  let next = 0
  let manual: boolean | undefined
  const numbering = (isManual: boolean): void => {
    if (manual !== undefined && manual !== isManual) {
      const [from, to] = isManual
        ? ['automatic field numbering', 'manual field specification']
        : ['manual field specification', 'automatic field numbering']
      throw valueError(`cannot switch from ${from} to ${to}`)
    }
    manual = isManual
  }
  return render(text, 2, (name) => {
    if (name !== '' && !/^\d+$/.test(name)) {
      const value = kwargs.get(name)
      if (value === undefined) throw new PythonError('KeyError', repr(name))
      return value
    }
    numbering(name !== '')
    const value = args[name === '' ? next++ : Number(name)]
    if (value === undefined) {
      throw new PythonError(
        'IndexError',
        `Replacement index ${name === '' ? next - 1 : name} out of range for positional args tuple`,
      )
    }
    return value
  })
}

function render(text: string, depth: number, fields: Fields): string {
  if (depth < 0) throw valueError('Max string recursion exceeded')
  let out = ''
  let i = 0
  while (i < text.length) {
    const c = text[i] ?? ''
    if ((c === '{' || c === '}') && text[i + 1] === c) {
      out += c
      i += 2
    } else if (c === '}') {
      throw valueError("Single '}' encountered in format string")
    } else if (c === '{') {
      const end = closing(text, i)
      out += field(text.slice(i + 1, end), depth, fields)
      i = end + 1
    } else {
      out += c
      i++
    }
  }
  return out
}

function closing(text: string, start: number): number {
  let level = 0
  for (let i = start; i < text.length; i++) {
    if (text[i] === '{') level++
    else if (text[i] === '}' && --level === 0) return i
  }
  throw valueError(
    start === text.length - 1 ? "Single '{' encountered in format string" : "expected '}' before end of string",
  )
}

function field(body: string, depth: number, fields: Fields): string {
  const m = /^((?:[^!:[\]{}]|\[[^\]]*\])*)(?:!(.))?(?::(.*))?$/su.exec(body)
  if (!m) throw valueError("expected ':' after conversion specifier")
  const value = reach(m[1] ?? '', fields)
  const spec = m[3] === undefined ? '' : render(m[3], depth - 1, fields)
  if (m[2] === undefined) return formatValue(value, spec)
  if (!'rsa'.includes(m[2])) throw valueError(`Unknown conversion specifier '${m[2]}'`)
  return formatValue(m[2] === 's' ? str(value) : repr(value), spec)
}

function reach(path: string, fields: Fields): Value {
  const first = /^[^.[]*/.exec(path)?.[0] ?? ''
  let value = fields(first)
  for (const [, name, key] of path.slice(first.length).matchAll(/\.([^.[]+)|\[([^\]]+)\]/g)) {
    if (key !== undefined) value = getItem(value, /^\d+$/.test(key) ? Number(key) : key)
    else value = attributeOf(value, name ?? '')
  }
  return value
}

function attributeOf(value: Value, name: string): Value {
  const found =
    value instanceof NamedTuple ? value.field(name) : value instanceof PythonObject ? value.attribute(name) : undefined
  if (found === undefined)
    throw new PythonError('AttributeError', `'${typeName(value)}' object has no attribute '${name}'`)
  return found
}
