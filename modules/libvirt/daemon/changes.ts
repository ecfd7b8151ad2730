import type { Difference } from '../../../core/libvirt/xml/diff.ts'
import { type Element, formatXml, parseXml, XmlError } from '../../../core/libvirt/xml/element.ts'
import { type Change, ModuleFailure } from '../../../core/module/types.ts'

/** Differences of XML as changes of a task. */
export function asChanges(differences: readonly Difference[], effect: Change['effect'], note?: string): Change[] {
  return differences.map(({ path, before, after }) => ({
    path,
    ...(before === undefined ? {} : { before }),
    after,
    effect,
    ...(note === undefined ? {} : { note }),
  }))
}

/** What makes a network or a pool that is not there. `hint`: by which arguments a task says what it is. */
export function creation(
  kind: 'network' | 'pool',
  args: { readonly name: string; readonly state: string },
  declared: Element | undefined,
  hint: string,
): Change[] {
  if (!declared)
    throw new ModuleFailure(`there is no ${kind} '${args.name}', and the task does not say what it is`, { hint })
  const after = args.state === 'active' ? 'active' : 'inactive'
  const text = { header: `${kind} ${args.name}`, before: '', after: formatXml(declared) }
  return [{ path: 'state', before: 'absent', after, effect: 'now', text }]
}

/** XML of the user's; what is wrong with it is his mistake, and names the line. */
export function parseDeclared(source: string, what: string): Element {
  try {
    return parseXml(source)
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    const at = error.line === undefined ? '' : `, line ${error.line}: ${excerpt(source, error.line)}`
    throw new ModuleFailure(`the ${what} is not well-formed XML: ${error.message}${at}`)
  }
}

/** One line of a source, shortened. */
export function excerpt(source: string, line: number): string {
  return (source.split('\n')[line - 1] ?? '').trim().slice(0, 120)
}
