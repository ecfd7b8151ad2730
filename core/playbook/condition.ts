import type { Position } from '../events/types.ts'
import { collect } from '../inventory/index.ts'
import {
  type CompiledExpression,
  compileExpression,
  Template,
  type YamlNode,
  type YamlScalar,
} from '../language/index.ts'
import { type Loader, report } from './loader.ts'

/** One expression or a list of them, as in `when:`; a boolean is one too. */
export function conditions(loader: Loader, node: YamlNode, keyword: string): CompiledExpression[] {
  if (node.kind === 'sequence') return node.items.flatMap((item) => condition(loader, item, keyword))
  return condition(loader, node, keyword)
}

function condition(loader: Loader, node: YamlNode, keyword: string): CompiledExpression[] {
  if (node.kind !== 'scalar' || node.value === null) {
    if (node.kind !== 'scalar')
      report(loader, 'bad-condition', `${keyword} must be an expression or a list of them`, node.at)
    return []
  }
  const { value } = node
  const source = value instanceof Template ? value.source : typeof value === 'string' ? value : literal(node)
  if (source.trim() === '') return []
  const compiled = collect(loader.diagnostics, () =>
    compileExpression(
      source,
      value instanceof Template ? value.at : textStart(node),
      value instanceof Template ? value.parts : undefined,
    ),
  )
  if (!compiled) return []
  loader.diagnostics.push(...compiled.notes)
  return [compiled]
}

function literal(node: YamlScalar): string {
  if (typeof node.value === 'boolean') return node.value ? 'True' : 'False'
  return node.source
}

/** Where the first character of a scalar's text stands, behind its quote. */
export function textStart(node: YamlScalar): Position {
  if (node.style === 'single' || node.style === 'double') return { ...node.at, column: node.at.column + 1 }
  if (node.style === 'literal' || node.style === 'folded') return { ...node.at, line: node.at.line + 1, column: 1 }
  return node.at
}
