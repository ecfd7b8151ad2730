import type { Position } from '../events/types.ts'
import { mapGet, type YamlNode } from '../language/index.ts'
import type { Value } from '../language/values.ts'

/** The nodes from which a task's arguments were made: those below the module, then those of `args:`. */
export const argumentNodes = new WeakMap<object, readonly YamlNode[]>()

/** Where an argument stands, as deep as the nodes go; `key` asks for its name instead of its value. */
export function placeOf(args: Value, path: readonly PropertyKey[], part: 'key' | 'value'): Position | undefined {
  if (!(args instanceof Map)) return undefined
  // Text in free form has no places of its own: it answers last.
  const nodes = argumentNodes.get(args) ?? []
  for (const node of [...nodes.filter((n) => n.kind !== 'scalar'), ...nodes.filter((n) => n.kind === 'scalar')]) {
    const place = descend(node, path, part)
    if (place) return place
  }
  return undefined
}

function descend(node: YamlNode, path: readonly PropertyKey[], part: 'key' | 'value'): Position | undefined {
  const [step, ...rest] = path
  if (node.kind === 'mapping' && step !== undefined) {
    const entry = mapGet(node, String(step))
    if (!entry) return undefined
    if (rest.length === 0) return part === 'key' ? entry.key.at : entry.value.at
    return descend(entry.value, rest, part) ?? entry.value.at
  }
  const item = node.kind === 'sequence' && typeof step === 'number' ? node.items[step] : undefined
  if (item) return rest.length === 0 ? item.at : (descend(item, rest, part) ?? item.at)
  return node.kind === 'scalar' && step !== undefined ? node.at : undefined
}
