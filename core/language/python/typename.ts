import { Callable, Float, PythonObject, Tuple, Undefined, Unknown, type Value } from '../values.ts'

/** The name of a value's type as Python has it: `int`, `NoneType`, `dict`. */
export function typeName(v: Value): string {
  if (v === null) return 'NoneType'
  if (typeof v === 'boolean') return 'bool'
  if (typeof v === 'string') return 'str'
  if (typeof v === 'bigint') return 'int'
  if (typeof v === 'number') return Number.isSafeInteger(v) ? 'int' : 'float'
  if (Array.isArray(v)) return 'list'
  if (v instanceof Map) return 'dict'
  if (v instanceof Float) return 'float'
  if (v instanceof Tuple) return 'tuple'
  if (v instanceof PythonObject) return v.typeName
  if (v instanceof Callable) return 'function'
  if (v instanceof Undefined) return 'AnsibleUndefined'
  return v instanceof Unknown ? 'Unknown' : 'str'
}
