import { LazyDict, Template, Tuple, Undefined, type Value } from '../values.ts'

/** Containers known to have no Template in them, however deep. */
const clean = new WeakSet<object>()

/**
 * A value as filters, tests and operators may see it: every Template in it replaced by `resolve`. A container without
 * any is given back as it is; lazy dicts are left lazy. Shared containers stay shared.
 */
export function settle(value: Value, resolve: (template: Template) => Value): Value {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Template) return settle(resolve(value), resolve)
  if (isSmallAndFlat(value) || !hasTemplate(value, new Set())) return value
  return replace(value, resolve, new Map())
}

/** Of these there are many, and looking through one again is cheaper than remembering it. */
const SMALL = 16

function isSmallAndFlat(value: Value): boolean {
  const isSmall = Array.isArray(value) ? value.length <= SMALL : value instanceof Map && value.constructor === Map
  if (!isSmall || (value instanceof Map && value.size > SMALL)) return false
  for (const item of itemsOf(value)!) if (item !== null && typeof item === 'object') return false
  return true
}

function hasTemplate(value: Value, visiting: Set<object>): boolean {
  if (value === null || typeof value !== 'object') return false
  if (value instanceof Template) return true
  const items = itemsOf(value)
  if (!items || clean.has(value) || visiting.has(value)) return false
  visiting.add(value)
  for (const item of items) if (hasTemplate(item, visiting)) return true
  if (visiting.values().next().value === value) for (const seen of visiting) clean.add(seen)
  return false
}

function itemsOf(value: Value): Iterable<Value> | undefined {
  if (Array.isArray(value)) return value
  if (value instanceof LazyDict) return undefined
  if (value instanceof Map) return value.values()
  return value instanceof Tuple ? value.items : undefined
}

function replace(value: Value, resolve: (template: Template) => Value, done: Map<object, Value>): Value {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Template) return settle(resolve(value), resolve)
  if (!itemsOf(value)) return value
  const known = done.get(value)
  if (known !== undefined) return known
  if (Array.isArray(value)) {
    const list: Value[] = []
    done.set(value, list)
    for (const item of value) list.push(replace(item, resolve, done))
    return list
  }
  if (value instanceof Map) {
    const dict = new Map<string | number | bigint | boolean | null, Value>()
    done.set(value, dict)
    for (const [key, item] of value) dict.set(key, replace(item, resolve, done))
    return dict
  }
  return value instanceof Tuple ? new Tuple(value.items.map((item) => replace(item, resolve, done))) : value
}

/** A copy that may be written to without the variable's owner noticing. */
export function copy(value: Value): Value {
  if (Array.isArray(value)) return value.map(copy)
  if (value instanceof LazyDict || !(value instanceof Map)) return value
  return new Map([...value].map(([key, item]) => [key, copy(item)]))
}

const whole = new WeakSet<object>()

/** The first undefined value in a result, however deep: an error for whoever asked for the result. */
export function findUndefined(value: Value): Undefined | undefined {
  if (value instanceof Undefined) return value
  if (value === null || typeof value !== 'object' || whole.has(value)) return undefined
  const items = itemsOf(value)
  if (!items) return undefined
  whole.add(value)
  for (const item of items) {
    const found = findUndefined(item)
    if (found) {
      whole.delete(value)
      return found
    }
  }
  return undefined
}
