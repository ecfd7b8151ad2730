import { attribute, missing, repr, subscript } from '../python/index.ts'
import { didYouMean } from '../suggest.ts'
import { PythonObject, Tuple, Undefined, type Value } from '../values.ts'
import type { Runtime } from './runtime.ts'

/** Methods that write to their list or dict. */
export const mutators: ReadonlySet<string> = new Set([
  'append',
  'extend',
  'insert',
  'pop',
  'popitem',
  'remove',
  'clear',
  'update',
  'setdefault',
  'sort',
  'reverse',
])

/** `value.name`, read; Undefined with a message that names `path` when there is none. */
export function readAttribute(rt: Runtime, value: Value, name: string, path: string): Value {
  if (name.startsWith('__')) return hidden(path)
  const found = attribute(methodTarget(rt, value), name)
  return found === undefined ? absent(rt, value, name, path) : rt.touch(found, path)
}

/** `value[key]`, read. */
export function readItem(rt: Runtime, value: Value, key: Value, path: string): Value {
  if (typeof key === 'string' && key.startsWith('__') && !(value instanceof Map)) return hidden(path)
  const found = subscript(value, key)
  return found === undefined ? absent(rt, value, key, path) : rt.touch(found, path)
}

/** Methods of a list look at its items, so these have to be values; those of a dict give what is read later. */
function methodTarget(rt: Runtime, value: Value): Value {
  return Array.isArray(value) || value instanceof Tuple ? rt.settle(value) : value
}

function hidden(path: string): Undefined {
  return new Undefined(path, `'${path}' cannot be read: names that begin with __ are Python's own`)
}

function absent(rt: Runtime, value: Value, key: Value, path: string): Undefined {
  rt.miss(path)
  return new Undefined(path, () => {
    if (value instanceof Map && typeof key === 'string') {
      const names = [...value.keys()].filter((k) => typeof k === 'string')
      const close = didYouMean(key, names)
      return `'${path}' is undefined${close === undefined ? '' : `, did you mean '${close}'?`}`
    }
    if (Array.isArray(value))
      return `'${path}' is undefined: the list has ${value.length} item${value.length === 1 ? '' : 's'}`
    const reason = missing(value, key).hint ?? `no ${repr(key)}`
    return value instanceof PythonObject || typeof value !== 'object' || value === null
      ? `'${path}' is undefined: ${reason}`
      : `'${path}' is undefined`
  })
}
