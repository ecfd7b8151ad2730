import { canonical, defaultOf, type MachineAliases } from './canonical.ts'
import { type Element, formatXml } from './element.ts'
import { pairChildren } from './matching.ts'

/** One difference, of what was declared only. */
export interface Difference {
  /** `devices.disk[vda].source.file`, `memory`. */
  readonly path: string
  /** Undefined: there is none. */
  readonly before: string | undefined
  readonly after: string
  /** The declared element the difference is in, and what it was paired with. */
  readonly declared: Element
  readonly actual: Element | undefined
}

/**
 * What of `declared` is not so in `actual`, by meaning: units, order, letter case and libvirt's defaults do not count, nor
 * does anything that was not declared. Empty: actual has all of it.
 */
export function diffXml(declared: Element, actual: Element, machines?: MachineAliases): Difference[] {
  const result: Difference[] = []
  compare(canonical(declared, machines), canonical(actual, machines), [], result)
  return result
}

/** Whether actual has all that is declared. Both canonical. */
export function covers(declared: Element, actual: Element): boolean {
  const result: Difference[] = []
  compare(declared, actual, [], result)
  return result.length === 0
}

function compare(declared: Element, actual: Element, path: readonly string[], result: Difference[]): void {
  const note = (name: string | undefined, before: string | undefined, after: string): void => {
    result.push({ path: [...path, ...(name === undefined ? [] : [name])].join('.'), before, after, declared, actual })
  }
  for (const [name, value] of Object.entries(declared.attributes)) {
    const is = actual.attributes[name] ?? defaultOf(declared.name, name)
    if (is !== value && !name.startsWith('xmlns')) note(name, actual.attributes[name], value)
  }
  if (declared.text !== '' && declared.text !== actual.text) note(undefined, actual.text, declared.text)
  for (const pair of pairChildren(declared, actual, covers)) {
    const at = [...path, pair.label]
    if (pair.actual) compare(pair.declared, pair.actual, at, result)
    else if (!isNothing(pair.declared)) {
      const after =
        pair.declared.children.length === 0 && pair.declared.text !== '' ? pair.declared.text : compact(pair.declared)
      result.push({ path: at.join('.'), before: undefined, after, declared: pair.declared, actual: undefined })
    }
  }
}

/** An element that says nothing, such as an empty `<uuid/>`, is not a declaration; `<acpi/>` in features is. */
function isNothing(element: Element): boolean {
  return (
    element.text === '' &&
    element.children.length === 0 &&
    ['uuid', 'description', 'title', 'metadata'].includes(element.name)
  )
}

function compact(element: Element): string {
  return formatXml(element).replace(/>\s+</g, '><').trim()
}
