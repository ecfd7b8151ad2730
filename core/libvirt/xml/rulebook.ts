import { rules } from './rules/index.ts'
import type { Place, Rule } from './rules/types.ts'

type OfKind<K extends Rule['kind']> = Extract<Rule, { kind: K }>

/** The rules of a comparison, by where they apply. */
export class RuleBook {
  readonly #byPlace = new Map<string, Rule[]>()

  constructor(without: ReadonlySet<string> = new Set()) {
    for (const rule of rules) {
      if (without.has(rule.name)) continue
      for (const place of typeof rule.at === 'string' ? [rule.at] : rule.at) {
        const key = `${rule.kind} ${place}`
        const list = this.#byPlace.get(key)
        if (list) list.push(rule)
        else this.#byPlace.set(key, [rule])
      }
    }
  }

  /** Rules for an element in a parent, or for an attribute of it; those that name the parent come first. */
  at<K extends Rule['kind']>(kind: K, parent: string | undefined, element: string, attribute?: string): OfKind<K>[] {
    const place: Place = attribute === undefined ? element : `${element}@${attribute}`
    const exact = parent === undefined ? undefined : this.#byPlace.get(`${kind} ${parent}/${place}`)
    const general = this.#byPlace.get(`${kind} ${place}`)
    return [...(exact ?? []), ...(general ?? [])] as OfKind<K>[]
  }
}

const whole = new RuleBook()

/** All rules, or all but some. */
export function ruleBook(without?: ReadonlySet<string>): RuleBook {
  return without === undefined || without.size === 0 ? whole : new RuleBook(without)
}
