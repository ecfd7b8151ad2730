import { canonical, type MachineAliases } from './canonical.ts'
import { covers } from './diff.ts'
import type { Element } from './element.ts'
import { pairChildren } from './matching.ts'

/**
 * The definition that has all of `declared` and keeps what else is in `actual`: devices attached by others, generated
 * addresses, the UUID. What a changed value makes meaningless (the address of a disk that moves to another bus, the source
 * of an interface that changes its type) goes.
 */
export function mergeXml(declared: Element, actual: Element, machines?: MachineAliases): Element {
  return merge(canonical(declared, machines), canonical(actual, machines))
}

function merge(declared: Element, actual: Element): Element {
  const attributes = { ...stale(declared, actual, actual.attributes), ...declared.attributes }
  const pairs = pairChildren(declared, actual, covers)
  const byActual = new Map(pairs.map((pair) => [pair.actual, pair.declared]))
  const gone = obsolete(declared, actual)
  const kept = actual.children.flatMap((child) => {
    const wanted = byActual.get(child)
    if (wanted) return gone.has(child.name) ? [wanted] : [merge(wanted, child)]
    return gone.has(child.name) ? [] : [child]
  })
  const added = pairs.filter((pair) => !pair.actual).map((pair) => pair.declared)
  const children = [...kept, ...added]
  const text = children.length > 0 ? '' : declared.text === '' ? actual.text : declared.text
  return { ...actual, attributes, text, children }
}

/** Attributes of actual that stay. */
function stale(declared: Element, actual: Element, attributes: Element['attributes']): Record<string, string> {
  const rest: Record<string, string> = { ...attributes }
  if (declared.name === 'vcpu' && declared.text !== '' && declared.text !== actual.text) delete rest.current
  if (declared.name === 'memory' && 'unit' in rest) delete rest.unit
  return rest
}

/** Names of children of actual that a change makes meaningless. */
function obsolete(declared: Element, actual: Element): Set<string> {
  const gone = new Set<string>()
  const differs = (a: string | undefined, b: string | undefined): boolean => a !== undefined && a !== b
  if (differs(declared.attributes.type, actual.attributes.type)) {
    for (const name of ['source', 'address', 'alias', 'target'].slice(0, declared.name === 'disk' ? 1 : 3))
      gone.add(name)
  }
  const bus = attributeOf(declared, 'target', 'bus')
  const model = attributeOf(declared, 'model', 'type')
  if (differs(bus, attributeOf(actual, 'target', 'bus')) || differs(model, attributeOf(actual, 'model', 'type'))) {
    gone.add('address')
    gone.add('alias')
  }
  if (declared.name === 'cpu' && differs(declared.attributes.mode, actual.attributes.mode)) {
    for (const name of ['model', 'vendor', 'feature']) gone.add(name)
  }
  if (declared.name === 'domain') {
    const memory = textOf(declared, 'memory')
    if (differs(memory, textOf(actual, 'memory')) && textOf(declared, 'currentMemory') === undefined)
      gone.add('currentMemory')
  }
  return gone
}

function attributeOf(element: Element, child: string, attribute: string): string | undefined {
  return element.children.find((c) => c.name === child)?.attributes[attribute]
}

function textOf(element: Element, child: string): string | undefined {
  return element.children.find((c) => c.name === child)?.text
}
