import type { Value } from '../values.ts'
import { parseFloating, parseInteger, plainScalar } from './scalar.ts'

export const standardPrefix = 'tag:yaml.org,2002:'

/** Tags that a list or mapping may carry. */
export const knownTags: ReadonlySet<string> = new Set(['!unsafe', '!', `${standardPrefix}map`, `${standardPrefix}seq`])

/** A scalar with one of YAML's own tags, `!!int "3"`; undefined when the text does not fit or the tag is not known. */
export function explicitScalar(tag: string, text: string): Value | undefined {
  switch (tag) {
    case 'str':
    case 'timestamp':
      return text
    case 'null':
      return null
    case 'bool': {
      const value = plainScalar(text)
      return typeof value === 'boolean' ? value : undefined
    }
    case 'int': {
      const value = /^[-+]?[0-9a-fA-Fx_:]+$/.test(text) ? plainScalar(text) : undefined
      return typeof value === 'number' || typeof value === 'bigint' ? parseInteger(text) : undefined
    }
    case 'float':
      return /^[-+.0-9]/.test(text) && typeof plainScalar(text) !== 'string' ? parseFloating(text) : undefined
    default:
      return undefined
  }
}
