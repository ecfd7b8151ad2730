import { missing, subscript, typeName } from '../python/index.ts'
import { Undefined, type Value } from '../values.ts'

/** Jinja's attribute argument: a name, an index, or names joined by dots (`disk.size.0`); nothing gives the item itself. */
export function getter(attribute: Value | undefined, otherwise?: Value): (item: Value) => Value {
  const path = attribute === undefined || attribute === null ? [] : parts(attribute)
  return (item) => {
    let value = item
    for (const key of path) {
      const found = subscript(value, key)
      value = found === undefined ? missing(value, key, `${typeName(value)}.${key}`) : found
      if (value instanceof Undefined && otherwise !== undefined) return otherwise
    }
    return value
  }
}

function parts(attribute: Value): (string | number)[] {
  if (typeof attribute !== 'string') return [Number(attribute)]
  return attribute.split('.').map((p) => (/^\d+$/.test(p) ? Number(p) : p))
}

/** How Jinja compares for sort, unique, groupby, min and max: text in lower case, unless case counts. */
export function folded(value: Value, caseSensitive: boolean): Value {
  return typeof value === 'string' && !caseSensitive ? value.toLowerCase() : value
}
