import type { Element } from './element.ts'
import { type RuleBook, ruleBook } from './rulebook.ts'

export type { MachineAliases } from './rules/types.ts'

/** One spelling for what means the same: units, hexadecimal, letter case of MACs and UUIDs. */
export function canonical(element: Element, options: { comparing?: boolean; book?: RuleBook } = {}): Element {
  const book = options.book ?? ruleBook()
  const spell = (e: Element, parent: string | undefined): Element => {
    const inner = { ...e, children: e.children.map((c) => spell(c, e.name)) }
    return book
      .at('spelling', parent, e.name)
      .filter((rule) => options.comparing === true || rule.comparing !== true)
      .reduce<Element>((done, rule) => rule.spell(done), inner)
  }
  return spell(element, undefined)
}

/** What is meant as a declaration, without what libvirt makes itself: aliases, terminals, what only a running guest has. */
export function declaredOnly(element: Element, book: RuleBook = ruleBook()): Element {
  const dump = element.name === 'domain' && element.attributes.id !== undefined
  const prune = (e: Element, parent: Element | undefined): Element => {
    const dropped = (attribute?: string): boolean =>
      book
        .at('dropped', parent?.name, e.name, attribute)
        .some((rule) => rule.when === undefined || rule.when(e, parent, dump))
    const attributes = Object.fromEntries(Object.entries(e.attributes).filter(([name]) => !dropped(name)))
    const children = e.children
      .filter((c) => !droppedChild(c, e))
      .map((c) => ({ c, left: prune(c, e) }))
      .filter(({ c, left }) => !isEmpty(left) || isEmpty(c))
      .map(({ left }) => left)
    return { ...e, attributes, children }
  }
  const droppedChild = (c: Element, e: Element): boolean =>
    book.at('dropped', e.name, c.name).some((rule) => rule.when === undefined || rule.when(c, e, dump))
  return prune(element, undefined)
}

function isEmpty(element: Element): boolean {
  return element.text === '' && element.children.length === 0 && Object.keys(element.attributes).length === 0
}
