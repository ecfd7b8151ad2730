import { DiagnosticError } from '../diagnostic.ts'
import {
  asIndex,
  dictGet,
  dictSet,
  dumpJson,
  iterate,
  type JsonStyle,
  loadJson,
  PythonError,
  repr,
  str,
  truth,
  typeError,
  typeName,
  usable,
} from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { type Dict, Tuple, Undefined, type Value } from '../values.ts'
import { parseYamlDocuments } from '../yaml/parse.ts'
import { toValue } from '../yaml/value.ts'
import { asData } from './as-data.ts'
import { combine } from './combine.ts'
import { flag } from './options.ts'
import { filterTable } from './table.ts'
import { dumpYaml } from './yaml/dump.ts'

function jsonStyle(kwargs: ReadonlyMap<string, Value>, base: JsonStyle): JsonStyle {
  const indent = kwargs.get('indent') ?? null
  const separators = kwargs.get('separators') ?? null
  const pair = separators === null ? undefined : iterate(separators).map(str)
  return {
    ...base,
    ...(indent !== null && { indent: typeof indent === 'string' ? indent : asIndex(indent) }),
    sortKeys: flag(kwargs.get('sort_keys'), base.sortKeys ?? false),
    ensureAscii: flag(kwargs.get('ensure_ascii'), base.ensureAscii ?? true),
    ...(pair && { separators: [pair[0] ?? ', ', pair[1] ?? ': '] }),
  }
}

/** JSON that may stand inside HTML. */
const toHtmlJson: FilterFunction = (input, args, kwargs) => {
  const indent = args[0] ?? kwargs.get('indent') ?? null
  const style = indent === null ? {} : { indent: asIndex(indent) }
  const codes: Record<string, string> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', "'": '\\u0027' }
  return dumpJson(input, { ...style, sortKeys: true }).replace(/[<>&']/g, (c) => codes[c] ?? c)
}

function readYaml(text: string): Value[] {
  const documents = parseYamlDocuments(text, 'from_yaml')
  return documents.map(({ root, diagnostics }) => {
    const errors = diagnostics.filter((d) => d.severity === 'error')
    if (errors.length > 0) throw new DiagnosticError(errors.map(({ at: _, ...d }) => d))
    return root ? asData(toValue(root)) : null
  })
}

function toItems(input: Value, keyName: string, valueName: string): Value {
  if (!(input instanceof Map)) {
    throw new PythonError('FilterError', `dict2items requires a dictionary, got ${typeName(input)} instead.`)
  }
  return [...input].map(
    ([k, v]): Dict =>
      new Map<string, Value>([
        [keyName, k],
        [valueName, v],
      ]),
  )
}

function fromItems(input: Value, keyName: string, valueName: string): Value {
  if (!Array.isArray(input))
    throw new PythonError('FilterError', `items2dict requires a list, got ${typeName(input)} instead.`)
  const result: Dict = new Map()
  for (const item of input) {
    if (!(item instanceof Map))
      throw new PythonError('FilterError', `items2dict requires a list of dictionaries, got ${typeName(item)} instead.`)
    const key = item.get(keyName)
    const value = item.get(valueName)
    if (key === undefined || value === undefined) {
      throw new PythonError(
        'FilterError',
        `items2dict requires each dictionary in the list to contain the keys '${keyName}' and '${valueName}', got ${repr(item)} instead.`,
      )
    }
    dictSet(result, key, value)
  }
  return result
}

/** Pairs of an item and each of its sub-elements; `skip_missing` leaves out items without any. */
export function subelements(input: Value, path: Value, skipMissing: boolean): Tuple[] {
  const keys = typeof path === 'string' ? path.split('.') : iterate(path).map(str)
  const items = input instanceof Map ? [...input.values()] : iterate(input)
  return items.flatMap((item) => {
    let values: Value = item
    for (const key of keys) {
      const next: Value | undefined = values instanceof Map ? dictGet(values, key) : undefined
      if (next === undefined && skipMissing) return []
      if (!(values instanceof Map))
        throw new PythonError('FilterError', `the key ${key} should point to a dictionary, got '${repr(values)}'`)
      if (next === undefined)
        throw new PythonError('FilterError', `could not find '${key}' key in iterated item '${repr(item)}'`)
      values = next
    }
    if (!Array.isArray(values))
      throw new PythonError('FilterError', `the key ${keys.at(-1)} should point to a list, got '${repr(values)}'`)
    return values.map((v) => new Tuple([item, v]))
  })
}

function rekey(input: Value, key: string, duplicates: string): Value {
  const result: Dict = new Map()
  const items = input instanceof Map ? [...input.values()] : iterate(input)
  for (const item of items) {
    if (!(item instanceof Map)) throw new PythonError('FilterError', 'List item is not a valid dict')
    const name = dictGet(item, key)
    if (name === undefined) throw new PythonError('FilterError', `Key ${key} was not found`)
    if (dictGet(result, name) !== undefined && duplicates === 'error') {
      throw new PythonError('FilterError', `Key ${str(name)} is not unique, cannot correctly turn into dict`)
    }
    dictSet(result, name, item)
  }
  return result
}

const toJsonFilter =
  (base: JsonStyle): FilterFunction =>
  (input, args, kwargs) => {
    const positional =
      args[0] === undefined || base.indent === undefined ? kwargs : new Map([...kwargs, ['indent', args[0]]])
    return dumpJson(input, jsonStyle(positional, base))
  }

const toYamlFilter =
  (nice: boolean): FilterFunction =>
  (input, args, kwargs) => {
    const flow = (nice ? undefined : args[0]) ?? kwargs.get('default_flow_style')
    const indent = (nice ? args[0] : undefined) ?? kwargs.get('indent')
    return dumpYaml(input, {
      indent: indent === undefined || indent === null ? (nice ? 4 : 2) : asIndex(indent),
      flow: flow === undefined || flow === null ? (nice && flow === undefined ? false : 'leaves') : truth(flow),
      sortKeys: flag(kwargs.get('sort_keys'), true),
      width: kwargs.has('width') ? asIndex(kwargs.get('width') ?? 80) : 80,
      explicitStart: flag(kwargs.get('explicit_start'), false),
    })
  }

/** Filters of structured data. */
export const dataFilters: [string, FilterFunction][] = [
  ['tojson', toHtmlJson],
  ['to_json', toJsonFilter({})],
  ['to_nice_json', toJsonFilter({ indent: 4, sortKeys: true })],
  ['to_yaml', toYamlFilter(false)],
  ['to_nice_yaml', toYamlFilter(true)],
  ['combine', combine],
  ...filterTable({
    from_json: (v) => (typeof v === 'string' ? loadJson(v) : fail(v)),
    from_yaml: (v) => (typeof v === 'string' ? single(readYaml(v)) : usable(v)),
    from_yaml_all: (v) => (typeof v === 'string' ? readYaml(v) : usable(v)),
    'dict2items key_name? value_name?': (v, [k, x]) => toItems(usable(v), str(k ?? 'key'), str(x ?? 'value')),
    'items2dict key_name? value_name?': (v, [k, x]) => fromItems(usable(v), str(k ?? 'key'), str(x ?? 'value')),
    'subelements subelements skip_missing?': (v, [path, skip]) => subelements(v, path ?? null, flag(skip, false)),
    'rekey_on_member key duplicates?': (v, [key, d]) => rekey(v, str(key ?? null), str(d ?? 'error')),
    type_debug: (v) => (v instanceof Undefined ? 'AnsibleUndefined' : typeName(v)),
  }),
]

function fail(v: Value): never {
  throw typeError(`the JSON object must be str, bytes or bytearray, not ${typeName(usable(v))}`)
}

function single(documents: Value[]): Value {
  if (documents.length > 1)
    throw new PythonError('FilterError', 'expected a single document in the stream: use from_yaml_all')
  return documents[0] ?? null
}
