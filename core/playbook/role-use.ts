import { mapGet, Template, type YamlNode } from '../language/index.ts'
import type { Value } from '../language/values.ts'
import type { Context } from './context.ts'
import { extend, variablesIn } from './keywords.ts'
import { type BuiltRole, type Loader, nodeValue, report } from './loader.ts'
import { roleKeys } from './names.ts'

/** A role as it stands in `roles:` or among dependencies: a name, or a mapping with keywords and parameters. */
export async function roleUse(loader: Loader, node: YamlNode, context: Context): Promise<BuiltRole | undefined> {
  const entry = node.kind === 'mapping' ? (mapGet(node, 'role') ?? mapGet(node, 'name')) : undefined
  const nameNode = node.kind === 'scalar' ? node : entry?.value
  if (nameNode?.kind !== 'scalar' || nameNode.value === null) {
    report(loader, 'bad-role', 'a role is a name, or a mapping with role:', node.at)
    return undefined
  }
  if (nameNode.value instanceof Template) {
    report(loader, 'import-template', 'the name of a role cannot have a template here', nameNode.at, 'use include_role')
    return undefined
  }
  const name = nameNode.source
  const id = `${context.idPrefix}${node.at.file}:${node.at.line}:${node.at.column}>`
  if (node.kind !== 'mapping')
    return loader.role({ name, at: node.at, params: new Map() }, { ...context, idPrefix: id })
  const params = new Map<string, Value>(variablesIn(loader, node))
  for (const { key, value } of node.entries) {
    if (!roleKeys.has(key.source)) params.set(key.source, nodeValue(loader, value))
  }
  const inner = extend(loader, node, context, { vars: false })
  return loader.role({ name, at: nameNode.at, params }, { ...inner, idPrefix: id })
}
