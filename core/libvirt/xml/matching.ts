import type { Element } from './element.ts'
import { type RuleBook, ruleBook } from './rulebook.ts'
import type { Key } from './rules/types.ts'

/** A declared element and the one it is about. */
export interface Pair {
  readonly declared: Element
  readonly actual: Element | undefined
  /** How it is named in a path: `disk[vda]`, `memory`. */
  readonly label: string
}

type Alike = (declared: Element, actual: Element) => boolean

/**
 * Finds for each declared child the actual one that it is about: first those with a name of their own, then the others, so
 * that an unnamed one does not take what another one means. Elements without a rule are one of a kind, or in order.
 */
export function pairChildren(declared: Element, actual: Element, alike: Alike, book: RuleBook = ruleBook()): Pair[] {
  const names = new Set(declared.children.map((c) => c.name))
  const pairs = new Map<Element, Pair>()
  for (const name of names) {
    const wanted = declared.children.filter((c) => c.name === name)
    const there = actual.children.filter((c) => c.name === name)
    for (const pair of pairKind(declared.name, name, wanted, there, alike, book)) pairs.set(pair.declared, pair)
  }
  return declared.children.flatMap((c) => pairs.get(c) ?? [])
}

function pairKind(
  parent: string,
  name: string,
  wanted: readonly Element[],
  there: readonly Element[],
  alike: Alike,
  book: RuleBook,
): Pair[] {
  const keys = book.at('key', parent, name)[0]?.keys ?? []
  const found = byKeys(wanted, there, keys)
  const taken = new Set(found.values())
  const free = there.filter((a) => !taken.has(a))
  const unnamed = wanted.filter((d) => !found.has(d) && keys.every((key) => key(d) === undefined))
  const rule = book.at('alike', parent, name)[0]
  const by = rule?.by
  // A first pass, so that what is there as declared is not taken for what is to be changed.
  for (const pass of [alike, sameFields(by ?? []), () => rule?.strict !== true]) {
    for (const d of unnamed) {
      if (found.has(d) || (by === undefined && pass === alike)) continue
      const index = free.findIndex((a) => pass(d, a))
      const [taken] = index < 0 ? [] : free.splice(index, 1)
      if (taken) found.set(d, taken)
    }
  }
  return wanted.map((d, i) => ({
    declared: d,
    actual: found.get(d),
    label: labelOf(name, d, keys, by, wanted.length > 1 ? i : undefined),
  }))
}

function byKeys(wanted: readonly Element[], there: readonly Element[], keys: readonly Key[]): Map<Element, Element> {
  const found = new Map<Element, Element>()
  const taken = new Set<Element>()
  for (const key of keys) {
    for (const d of wanted) {
      const value = key(d)
      if (value === undefined || found.has(d)) continue
      const a = there.find((one) => !taken.has(one) && key(one) === value)
      if (!a) continue
      found.set(d, a)
      taken.add(a)
    }
  }
  return found
}

const sameFields =
  (fields: readonly string[]): Alike =>
  (d, a) =>
    fields.every((f) => (d.attributes[f] ?? a.attributes[f]) === a.attributes[f])

/** By the last key that the element has (of a disk the target), by its kind, or by its number among several. */
function labelOf(
  name: string,
  d: Element,
  keys: readonly Key[],
  by: readonly string[] | undefined,
  index: number | undefined,
): string {
  const value = keys.map((key) => key(d)).findLast((k) => k !== undefined)
  if (value !== undefined) return value === '' ? name : `${name}[${value}]`
  const known = (by ?? []).map((f) => d.attributes[f]).filter((v) => v !== undefined)
  if (known.length > 0) return `${name}[${known.join(' ')}]`
  return index === undefined && by === undefined ? name : `${name}[${index ?? 0}]`
}
