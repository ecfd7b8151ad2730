import type { Body, Expression, Statement } from './tree.ts'

type Node = Expression | Statement

/** Visits every node of a tree, parents first; children of a node are not visited when `visit` gives false. */
export function walk(part: unknown, visit: (node: Node) => boolean): void {
  if (Array.isArray(part)) {
    for (const item of part) walk(item, visit)
    return
  }
  if (part === null || typeof part !== 'object') return
  if ('kind' in part && 'at' in part && visit(part as Node) === false) return
  if ('kind' in part && part.kind === 'constant') return
  for (const child of Object.values(part)) walk(child, visit)
}

export function readsName(body: Body, name: string): boolean {
  let found = false
  walk(body, (node) => {
    if (node.kind === 'name' && node.name === name) found = true
    return !found
  })
  return found
}
