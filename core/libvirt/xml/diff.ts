import { canonical, declaredOnly } from './canonical.ts'
import { type Element, formatXml } from './element.ts'
import { pairChildren } from './matching.ts'
import { type RuleBook, ruleBook } from './rulebook.ts'
import type { MachineAliases } from './rules/types.ts'

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

export interface HowToCompare {
  /** The other side is a running guest: what libvirt fills in when it starts one does not count. */
  readonly running?: boolean
  /** Names of rules that are taken out: for tests. */
  readonly without?: ReadonlySet<string>
}

/**
 * What of `declared` is not so in `actual`, by the rules of rules/: order, units, letter case, generated values and
 * defaults do not count, nor does anything that was not declared. Empty: actual has all of it.
 */
export function diffXml(
  declared: Element,
  actual: Element,
  machines?: MachineAliases,
  how: HowToCompare = {},
): Difference[] {
  const book = ruleBook(how.without)
  const options = { comparing: true, book }
  const comparison = new Comparison(book, how.running === true, machines)
  const meant = canonical(declaredOnly(declared, book), options)
  comparison.compare(meant, canonical(actual, options), undefined, [])
  return comparison.differences
}

/** Whether actual has all that is declared. Both canonical. */
export function covers(
  declared: Element,
  actual: Element,
  parent?: string,
  book = ruleBook(),
  running = false,
): boolean {
  const comparison = new Comparison(book, running)
  comparison.compare(declared, actual, parent, [])
  return comparison.differences.length === 0
}

class Comparison {
  readonly differences: Difference[] = []
  readonly #book: RuleBook
  readonly #running: boolean
  readonly #machines: MachineAliases

  constructor(book: RuleBook, running: boolean, machines: MachineAliases = new Map()) {
    this.#book = book
    this.#running = running
    this.#machines = machines
  }

  compare(
    declared: Element,
    actual: Element,
    parent: string | undefined,
    path: readonly string[],
    above?: Element,
  ): void {
    const { name } = declared
    for (const [attribute, value] of Object.entries(declared.attributes)) {
      if (attribute.startsWith('xmlns')) continue
      const before = actual.attributes[attribute]
      if (this.#same(declared, actual, parent, attribute, value)) continue
      const place = [...path, attribute]
      this.#note(
        { path: place.join('.'), before, after: value, declared, actual },
        parent,
        `${name}@${attribute}`,
        above,
      )
    }
    if (declared.text !== '' && declared.text !== actual.text) {
      const found = { path: path.join('.'), before: actual.text, after: declared.text, declared, actual }
      this.#note(found, parent, name, above)
    }
    const alike = (d: Element, a: Element): boolean => covers(d, a, name, this.#book, this.#running)
    for (const pair of pairChildren(declared, actual, alike, this.#book)) {
      const at = [...path, pair.label]
      if (pair.actual) this.compare(pair.declared, pair.actual, name, at, actual)
      else {
        const found = {
          path: at.join('.'),
          before: undefined,
          after: said(pair.declared),
          declared: pair.declared,
          actual: undefined,
        }
        this.#note(found, name, pair.declared.name, actual)
      }
    }
  }

  #same(declared: Element, actual: Element, parent: string | undefined, attribute: string, value: string): boolean {
    const before = actual.attributes[attribute]
    if (before === undefined) return this.#default(declared, actual, parent, attribute) === value
    const equals = this.#book.at('equal', parent, declared.name, attribute)
    return before === value || equals.some((rule) => rule.same(value, before, this.#machines))
  }

  #default(declared: Element, actual: Element, parent: string | undefined, attribute: string): string | undefined {
    const rule = this.#book.at('default', parent, declared.name, attribute)[0]
    return typeof rule?.value === 'function' ? rule.value(actual) : rule?.value
  }

  #note(found: Difference, parent: string | undefined, place: string, above: Element | undefined): void {
    const [element = '', attribute] = place.split('@')
    const rules = this.#running ? this.#book.at('running', parent, element, attribute) : []
    if (!rules.some((rule) => rule.same({ ...found, parent: above }))) this.differences.push(found)
  }
}

function said(element: Element): string {
  if (element.children.length === 0 && element.text !== '') return element.text
  return formatXml(element).replace(/>\s+</g, '><').trim()
}
