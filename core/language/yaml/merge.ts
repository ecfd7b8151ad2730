import { type Diagnostic, errorAt } from '../diagnostic.ts'
import type { YamlEntry, YamlNode } from '../types.ts'
import { Float, type Value } from '../values.ts'

/**
 * The entries of a mapping: those merged by `<<` first, then its own, a later one replacing an earlier one in its place.
 * Of several merged mappings the first has the last word. A key written twice is a warning, as in Ansible.
 */
export function mergeEntries(
  merged: readonly YamlNode[],
  own: readonly YamlEntry[],
  diagnostics: Diagnostic[],
): YamlEntry[] {
  const result = new Map<Value, YamlEntry>()
  const put = (entry: YamlEntry) => {
    const id = identity(entry.key.value)
    const before = result.get(id)
    result.set(id, before && before.key.value !== entry.key.value ? { ...entry, key: before.key } : entry)
  }
  for (const node of merged) {
    const parts = node.kind === 'sequence' ? [...node.items].reverse() : [node]
    for (const part of parts) {
      if (part.kind === 'mapping') for (const entry of part.entries) put(entry)
      else diagnostics.push(errorAt('yaml-merge', '<< takes a mapping or a list of mappings', part.at))
    }
  }
  const seen = new Set<Value>()
  for (const entry of own) {
    const key = identity(entry.key.value)
    if (seen.has(key)) {
      diagnostics.push({
        severity: 'warning',
        code: 'yaml-duplicate-key',
        message: `the key '${entry.key.source}' is written twice`,
        at: entry.key.at,
        hint: 'only the last value counts',
      })
    }
    seen.add(key)
    put(entry)
  }
  return [...result.values()]
}

/** Python holds True and 1 for the same key. */
function identity(key: Value): Value {
  if (key instanceof Float) return key.value
  return typeof key === 'boolean' ? Number(key) : key
}
