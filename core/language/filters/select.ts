import { attribute, iterate, missing, str, subscript, truth, typeError, usable } from '../python/index.ts'
import type { CallContext, FilterFunction } from '../types.ts'
import { Undefined, type Value } from '../values.ts'
import { getter } from './path-of.ts'
import { functionNamed } from './registry.ts'

/** `select('defined')`, `rejectattr('state', 'in', ['a'])`: the test by name, without one Python's truth. */
function chooser(wanted: boolean, hasAttribute: boolean): FilterFunction {
  return (input, args, kwargs, context) => {
    const rest = [...args]
    if (hasAttribute && rest.length === 0) throw typeError('missing parameter for attribute name')
    const read = hasAttribute ? getter(rest.shift()) : (item: Value): Value => item
    const name = rest.shift()
    const passes = name === undefined ? truth : tester(str(name), rest, kwargs, context)
    return iterate(input).filter((item) => passes(read(item)) === wanted)
  }
}

function tester(name: string, args: readonly Value[], kwargs: ReadonlyMap<string, Value>, context: CallContext) {
  const test = functionNamed(context.scope.environment.tests, 'test', name)
  return (item: Value): boolean => test(item, args, kwargs, context)
}

/** `map('upper')` and `map(attribute='name', default='x')`. */
const map: FilterFunction = (input, args, kwargs, context) => {
  if (args.length === 0 && kwargs.has('attribute')) {
    for (const name of kwargs.keys()) {
      if (name !== 'attribute' && name !== 'default') throw typeError(`Unexpected keyword argument '${name}'`)
    }
    return iterate(input).map(getter(kwargs.get('attribute'), kwargs.get('default')))
  }
  const [name, ...rest] = args
  if (name === undefined) throw typeError('map requires a filter argument')
  const filter = functionNamed(context.scope.environment.filters, 'filter', str(name))
  return iterate(input).map((item) => filter(item, rest, kwargs, context))
}

/** `key | extract(container, more)`: the item of the container, and on along the further keys. */
const extract: FilterFunction = (input, args, kwargs) => {
  const container = args[0] ?? kwargs.get('container')
  if (container === undefined) throw typeError("extract() missing 1 required argument: 'container'")
  const more = args[1] ?? kwargs.get('morekeys') ?? null
  const path = more === null ? [input] : [input, ...(Array.isArray(more) ? more : [more])]
  return path.reduce<Value>((value, key) => {
    usable(value)
    const found = subscript(value, usable(key))
    return found === undefined ? missing(value, key) : found
  }, container)
}

const attr: FilterFunction = (input, args) => {
  const name = str(args[0] ?? null)
  const found = input instanceof Map || name.startsWith('_') ? undefined : attribute(input, name)
  return found === undefined ? missing(input, name) : found
}

const mandatory: FilterFunction = (input, args, kwargs) => {
  if (!(input instanceof Undefined)) return usable(input)
  const message = args[0] ?? kwargs.get('msg') ?? null
  return usable(
    new Undefined(input.name, message === null ? `Mandatory variable '${input.name}' not defined.` : str(message)),
  )
}

/** Filters that choose among items, or look into them. */
export const selectFilters: [string, FilterFunction][] = [
  ['select', chooser(true, false)],
  ['reject', chooser(false, false)],
  ['selectattr', chooser(true, true)],
  ['rejectattr', chooser(false, true)],
  ['map', map],
  ['extract', extract],
  ['attr', attr],
  ['mandatory', mandatory],
  ...(['default', 'd'] as const).map((name): [string, FilterFunction] => [name, otherwise]),
  ['ternary', ternary],
]

/** The first that was given; None counts. */
function given(positional: Value | undefined, named: Value | undefined, otherwise: Value): Value {
  if (positional !== undefined) return positional
  return named === undefined ? otherwise : named
}

function otherwise(input: Value, args: readonly Value[], kwargs: ReadonlyMap<string, Value>): Value {
  const value = given(args[0], kwargs.get('default_value'), '')
  if (input instanceof Undefined) return value
  const alsoFalse = given(args[1], kwargs.get('boolean'), false)
  return truth(alsoFalse) && !truth(input) ? value : usable(input)
}

function ternary(input: Value, args: readonly Value[], kwargs: ReadonlyMap<string, Value>): Value {
  const yes = args[0] ?? kwargs.get('true_val') ?? null
  const no = args[1] ?? kwargs.get('false_val') ?? null
  const none = args[2] ?? kwargs.get('none_val') ?? null
  if (input === null && none !== null) return none
  return truth(input) ? yes : no
}
