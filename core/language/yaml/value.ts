import { DiagnosticError, errorAt } from '../diagnostic.ts'
import type { ToValueOptions, YamlEntry, YamlMapping, YamlNode, YamlScalar } from '../types.ts'
import { type Dict, type DictKey, Float, type Value, type Variables } from '../values.ts'

/** A node as a value: Templates stay Templates, !vault is opened by options.decrypt. */
export function toValue(node: YamlNode, options: ToValueOptions = {}): Value {
  return convert(node, options, new Map())
}

/** Aliases give the same node again, and so the same value, as in Python. */
function convert(node: YamlNode, options: ToValueOptions, done: Map<YamlNode, Value>): Value {
  if (node.kind === 'scalar') return scalarValue(node, options)
  const known = done.get(node)
  if (known !== undefined) return known
  if (node.kind === 'sequence') {
    const list: Value[] = []
    for (const item of node.items) list.push(convert(item, options, done))
    done.set(node, list)
    return list
  }
  const dict: Dict = new Map()
  for (const { key, value } of node.entries) dict.set(dictKey(key), convert(value, options, done))
  done.set(node, dict)
  return dict
}

function scalarValue(node: YamlScalar, options: ToValueOptions): Value {
  if (node.tag !== 'vault') return node.value
  if (!options.decrypt) {
    throw new DiagnosticError([errorAt('vault-no-password', 'an encrypted value, and no vault password', node.at)])
  }
  return options.decrypt(node.source, node.at)
}

function dictKey(key: YamlScalar): DictKey {
  const { value } = key
  if (value === null || typeof value !== 'object') return value
  return value instanceof Float ? value.value : key.source
}

/** A mapping with names as keys, or undefined for a missing or empty document; else DiagnosticError. */
export function toVariables(node: YamlNode | undefined, options: ToValueOptions = {}): Variables {
  const variables: Variables = new Map()
  if (!node || (node.kind === 'scalar' && node.value === null)) return variables
  if (node.kind !== 'mapping') {
    throw new DiagnosticError([
      errorAt('variables-not-mapping', 'variables must be a mapping of names to values', node.at),
    ])
  }
  const wrong = node.entries.filter((entry) => typeof entry.key.value !== 'string')
  if (wrong.length > 0) {
    throw new DiagnosticError(
      wrong.map(({ key }) =>
        errorAt('variable-name', `the name of a variable must be text, not ${key.source}`, key.at, 'quote it'),
      ),
    )
  }
  const done = new Map<YamlNode, Value>()
  for (const { key, value } of node.entries) variables.set(key.value as string, convert(value, options, done))
  return variables
}

export function mapGet(mapping: YamlMapping, key: string): YamlEntry | undefined {
  return mapping.entries.find((entry) => entry.key.value === key)
}
