import { errorAt } from '../diagnostic.ts'
import { TemplateError } from '../errors.ts'
import { undefinedError } from '../python/index.ts'
import { didYouMean } from '../suggest.ts'
import { Undefined, type Value } from '../values.ts'
import { compileArguments, type EvaluatedArguments } from './arguments.ts'
import type { Compiler, Evaluate } from './compiler.ts'
import type { Runtime } from './runtime.ts'
import type { Filter, Test } from './tree.ts'

/** Filters that may look at what is undefined; for all others it is an error. */
const lenientFilters = new Set(['default', 'd', 'mandatory', 'ternary', 'type_debug'])
/** Tests that answer for an undefined value, as in Jinja: it is not a string, not a number, … */
const lenientTests = new Set([
  'defined',
  'undefined',
  'none',
  'string',
  'mapping',
  'number',
  'integer',
  'float',
  'boolean',
  'true',
  'false',
  'sequence',
  'callable',
  'sameas',
])

/** The registered function for a name with or without its collection: `ansible.builtin.to_json`. */
export function find<T>(registry: ReadonlyMap<string, T>, name: string): T | undefined {
  return (
    registry.get(name) ??
    (name.startsWith('ansible.') ? registry.get(name.slice(name.lastIndexOf('.') + 1)) : undefined)
  )
}

function unknown(kind: 'filter' | 'test', name: string, registry: ReadonlyMap<string, unknown>): TemplateError {
  const close = didYouMean(
    name.slice(name.lastIndexOf('.') + 1),
    [...registry.keys()].filter((key) => !key.includes('.')),
  )
  const message = `there is no ${kind} '${name}'${close === undefined ? '' : `, did you mean '${close}'?`}`
  return new TemplateError(errorAt(kind === 'filter' ? 'unknown-filter' : 'unknown-test', message))
}

function requireDefined(values: Iterable<Value>): void {
  for (const value of values) if (value instanceof Undefined) throw undefinedError(value)
}

export function applyFilter(rt: Runtime, name: string, at: number, input: Value, args: EvaluatedArguments): Value {
  rt.at = at
  const { filters } = rt.scope.environment
  const filter = find(filters, name)
  if (!filter) throw unknown('filter', name, filters)
  if (!lenientFilters.has(name.slice(name.lastIndexOf('.') + 1))) {
    if (input instanceof Undefined) throw undefinedError(input)
    requireDefined(args.positional)
    if (args.named.size > 0) requireDefined(args.named.values())
  }
  return filter(input, args.positional, args.named, rt.context(at))
}

export function compileFilter(node: Filter, compiler: Compiler): Evaluate {
  const target = compiler.expression(node.target)
  const args = compileArguments(node.args, compiler)
  return (rt) => {
    const input = rt.settle(target(rt))
    return rt.touch(applyFilter(rt, node.name, node.at, input, args(rt)))
  }
}

export function compileTest(node: Test, compiler: Compiler): Evaluate {
  const target = compiler.expression(node.target)
  const args = compileArguments(node.args, compiler)
  const { name, at } = node
  const isLenient = lenientTests.has(name)
  return (rt) => {
    const value = target(rt)
    const input = name === 'defined' || name === 'undefined' ? value : rt.settle(value)
    const { positional, named } = args(rt)
    rt.at = at
    const { tests } = rt.scope.environment
    const test = find(tests, name)
    if (!test) throw unknown('test', name, tests)
    if (!isLenient) requireDefined([input, ...positional, ...named.values()])
    return test(input, positional, named, rt.context(at))
  }
}
