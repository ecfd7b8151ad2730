import type { LibvirtError } from '../../../core/libvirt/types.ts'
import type { Element } from '../../../core/libvirt/xml/element.ts'
import type { ModuleFailure } from '../../../core/module/types.ts'
import { excerpt } from '../daemon/changes.ts'
import { refused } from '../daemon/failure.ts'
import type { Declaration } from './declaration.ts'
import { youngerThan } from './since.ts'

/** libvirt's refusal of a definition, with the line it is about where the text tells, and what in it is young. */
export function refusalOf(error: LibvirtError, declaration: Declaration): ModuleFailure {
  const line = lineOf(error.message, declaration.element)
  const at =
    line === undefined || declaration.source === '' ? '' : `, line ${line}: ${excerpt(declaration.source, line)}`
  return refused(`libvirt refuses ${declaration.origin}${at}`, error, youngerThan(error.message, declaration.element))
}

/** The schema's message names elements and attributes, not lines: the last one it names is the innermost. */
function lineOf(message: string, root: Element): number | undefined {
  const names = [
    ...message.matchAll(/(?:Extra element|extra content:) (\S+)/g),
    ...message.matchAll(/Invalid attribute \S+ for element (\S+)/g),
    ...message.matchAll(/element '(\S+)'/g),
    ...message.matchAll(/Element (\S+) failed/g),
  ].map((match) => match[1] ?? '')
  for (const name of names) {
    const found = findElement(root, name)
    if (found) return found.line
  }
  return undefined
}

function findElement(root: Element, name: string): Element | undefined {
  if (root.name === name) return root
  for (const inner of root.children) {
    const found = findElement(inner, name)
    if (found) return found
  }
  return undefined
}
