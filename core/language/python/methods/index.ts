import { Callable, type Dict, Tuple, type Value } from '../../values.ts'
import { asText } from '../convert.ts'
import { dictSet } from '../dict.ts'
import { formatFields } from '../format.ts'
import { isFloat, isInteger, numeric, toNumber } from '../number.ts'
import { dictFrom, dictMethods } from './dict.ts'
import { listMethods, tupleMethods } from './list.ts'
import { floatMethods, intMethods } from './number.ts'
import { stringMethods } from './string.ts'
import { callMethod, type MethodTable } from './table.ts'

/**
 * A method of a str, list, tuple, dict, int or float, bound to it; undefined when there is none of that name. Methods
 * that write (`append`, `update`, `pop` …) change the list or dict itself: who shares data with a template copies it first.
 */
export function getMethod(value: Value, name: string): Callable | undefined {
  if (typeof value === 'string') return name === 'format' ? bindFormat(value) : bound(stringMethods, value, name)
  if (Array.isArray(value)) return bound(listMethods, value, name)
  if (value instanceof Map) return name === 'update' ? bindUpdate(value) : bound(dictMethods, value, name)
  if (value instanceof Tuple) return bound(tupleMethods, value, name)
  if (typeof value === 'boolean' || isInteger(value)) return bound(intMethods, BigInt(value), name)
  if (isFloat(value)) return bound(floatMethods, toNumber(numeric(value) ?? { int: 0 }), name)
  return undefined
}

function bound<T>(table: MethodTable<T>, self: T, name: string): Callable | undefined {
  const method = table.get(name)
  return method && new Callable(name, (args, kwargs) => callMethod(method, self, args, kwargs))
}

/** str.format takes any keyword, which a table of parameters cannot say. */
function bindFormat(text: string): Callable {
  return new Callable('format', (args, kwargs) => formatFields(asText(text, 'format string'), args, kwargs))
}

/** dict.update takes any keyword too. */
function bindUpdate(dict: Dict): Callable {
  return new Callable('update', ([other], kwargs) => {
    const added = other === undefined ? [] : dictFrom(other)
    for (const [key, value] of [...added, ...kwargs]) dictSet(dict, key, value)
    return null
  })
}
