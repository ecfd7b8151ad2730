import type { Json } from '../events/json.ts'
import { formsOf, refusal } from './forms.ts'
import { Matcher, type Range } from './matcher.ts'

/** What stands in the place of a secret. */
export const mask = '********'

/** Hides secrets by their value, in whatever is shown, written or sent. */
export interface Redactor {
  /** From now on hidden, with the forms it takes in JSON, shells, URLs and base64. Answers why not, when it cannot be. */
  add(secret: string): string | undefined
  text(text: string): string
  /** Strings, keys, and numbers that are a secret as a whole. */
  json(value: Json): Json
  /** Places of secrets in a text, and the length of the longest form: for streams. */
  find(text: string): Range[]
  readonly longest: number
}

export function createRedactor(): Redactor {
  const matcher = new Matcher()
  const known = new Set<string>()

  const redactText = (text: string): string => {
    if (matcher.longest === 0) return text
    return replaceRanges(text, matcher.find(text))
  }

  const redactJson = (value: Json): Json => {
    if (typeof value === 'string') return redactText(value)
    if (typeof value === 'number') return known.has(String(value)) && Math.abs(value) > 99_999 ? mask : value
    if (value === null || typeof value === 'boolean') return value
    if (Array.isArray(value)) return value.map(redactJson)
    const result: Record<string, Json> = {}
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue
      Object.defineProperty(result, redactText(key), {
        value: redactJson(item),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    return result
  }

  return {
    add: (secret) => {
      const why = refusal(secret)
      if (why !== undefined) return why
      if (known.has(secret)) return undefined
      known.add(secret)
      for (const form of formsOf(secret)) matcher.add(form)
      return undefined
    },
    text: redactText,
    json: (value) => (matcher.longest === 0 ? value : redactJson(value)),
    find: (text) => matcher.find(text),
    get longest() {
      return matcher.longest
    },
  }
}

export function replaceRanges(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text
  let result = ''
  let end = 0
  for (const [from, to] of ranges) {
    result += text.slice(end, from) + mask
    end = to
  }
  return result + text.slice(end)
}
