import { dictSet } from '../python/dict.ts'
import {
  bind,
  intValue,
  numeric,
  PythonError,
  signature,
  str,
  typeError,
  typeName,
  undefinedError,
  usable,
} from '../python/index.ts'
import { iterate } from '../python/sequence.ts'
import { Callable, type Dict, Undefined, type Value } from '../values.ts'
import { Cycler } from './cycler.ts'
import { lookup, query } from './lookup.ts'
import { Namespace } from './namespace.ts'
import { now } from './now.ts'

const maxRange = 1_000_000

/** `range([start,] stop[, step])`, as a list. */
const range = new Callable('range', (args, kwargs) => {
  const { values } = bind(signature('range', 'start stop? step?'), args, kwargs)
  const [first, second, third] = values.map((v) => (v === undefined ? undefined : integer(v)))
  const start = second === undefined ? 0 : first!
  const stop = second === undefined ? first! : second
  const step = third ?? 1
  if (step === 0) throw new PythonError('ValueError', 'range() arg 3 must not be zero')
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (length > maxRange)
    throw new PythonError('OverflowError', `range() of ${length} items; at most ${maxRange} are allowed`)
  return Array.from({ length }, (_, i) => intValue(start + i * step))
})

function integer(value: Value): number {
  const n = numeric(usable(value))
  if (!n || !('int' in n)) throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`)
  return Number(n.int)
}

/** `dict(a=1)`, `dict([[k, v]])`, `dict(other, a=1)`. */
const dict = new Callable('dict', (args, kwargs) => {
  if (args.length > 1) throw typeError(`dict expected at most 1 argument, got ${args.length}`)
  const result: Dict = new Map()
  const [source] = args
  if (source instanceof Map) for (const [key, value] of source) result.set(key, value)
  else if (source !== undefined) {
    for (const [i, pair] of iterate(source).entries()) {
      const items = iterate(pair)
      if (items.length !== 2) {
        const text = `dictionary update sequence element #${i} has length ${items.length}; 2 is required`
        throw new PythonError('ValueError', text)
      }
      dictSet(result, items[0]!, items[1]!)
    }
  }
  for (const [key, value] of kwargs) result.set(key, value)
  return result
})

const namespace = new Callable('namespace', (args, kwargs) => {
  const fields = new Map<string, Value>()
  for (const arg of args) for (const [key, value] of dict.call([arg], new Map()) as Dict) fields.set(str(key), value)
  for (const [key, value] of kwargs) fields.set(key, value)
  return new Namespace(fields)
})

const cycler = new Callable('cycler', (args) => {
  if (args.length === 0) throw typeError('at least one item has to be provided')
  return new Cycler(args)
})

/** `joiner(', ')`: nothing the first time it is called, the separator afterwards. */
const joiner = new Callable('joiner', (args, kwargs) => {
  const separator = args[0] ?? kwargs.get('sep') ?? ', '
  let isUsed = false
  return new Callable('joiner', () => {
    const text = isUsed ? separator : ''
    isUsed = true
    return text
  })
})

/** `undef(hint='…')`: a value that must be overridden. */
const undef = new Callable('undef', (args, kwargs) => {
  const hint = args[0] ?? kwargs.get('hint')
  if (hint instanceof Undefined) throw undefinedError(hint)
  return new Undefined('undef()', hint === undefined || hint === null ? 'the value is undef()' : str(hint))
})

/** Functions that every expression can call. */
export const builtinGlobals: ReadonlyMap<string, Value> = new Map(
  [range, dict, namespace, cycler, joiner, undef, now, lookup, query].map((f): [string, Value] => [f.name, f]),
).set('q', query)
