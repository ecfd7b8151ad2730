import {
  contains,
  iterate,
  numeric,
  PythonError,
  pythonRegex,
  str,
  toNumber,
  truth,
  typeError,
} from '../python/index.ts'
import type { TestFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { aliases, testTable } from './table.ts'

/** Where the expression must match: anywhere, at the beginning, or the whole text. */
function matches(
  v: Value,
  pattern: Value,
  how: string,
  ignoreCase: Value | undefined,
  multiline: Value | undefined,
): boolean {
  const flags = { ignoreCase: truth(ignoreCase ?? false), multiline: truth(multiline ?? false) }
  const regex = pythonRegex(str(pattern), flags)
  const text = str(v)
  if (how === 'search') return regex.test(text)
  const sticky = new RegExp(how === 'fullmatch' ? `(?:${regex.source})(?![\\s\\S])` : regex.source, `${regex.flags}y`)
  if (how !== 'match' && how !== 'fullmatch')
    throw new PythonError('AttributeError', `a regular expression has no method '${how}'`)
  return sticky.test(text)
}

function isSubset(a: Value, b: Value): boolean {
  return iterate(a).every((x) => contains([...iterate(b)], x))
}

function asBool(v: Value, convert: boolean): boolean {
  if (!convert) return truth(v)
  if (typeof v === 'string') {
    const text = v.toLowerCase()
    if (['y', 'yes', 'on', '1', 'true', 't'].includes(text)) return true
    if (['n', 'no', 'off', '0', 'false', 'f'].includes(text)) return false
    return truth(v)
  }
  return truth(v)
}

const tests = testTable({
  'match pattern? ignorecase? multiline?': (v, [p, i, m]) => matches(v, p ?? '', 'match', i, m),
  'search pattern? ignorecase? multiline?': (v, [p, i, m]) => matches(v, p ?? '', 'search', i, m),
  'regex pattern? ignorecase? multiline? match_type?': (v, [p, i, m, how]) =>
    matches(v, p ?? '', str(how ?? 'search'), i, m),
  'contains item': (v, [item]) => contains(v, item ?? null),
  'subset b': (v, [b]) => isSubset(v, b ?? null),
  'superset b': (v, [b]) => isSubset(b ?? null, v),
  all: (v) => iterate(v).every(truth),
  any: (v) => iterate(v).some(truth),
  'truthy convert_bool?': (v, [convert]) => asBool(v, truth(convert ?? false)),
  'falsy convert_bool?': (v, [convert]) => !asBool(v, truth(convert ?? false)),
  nan: (v) => {
    const n = numeric(v)
    if (!n) throw typeError('must be real number')
    return Number.isNaN(toNumber(n))
  },
  vault_encrypted: (v) => typeof v === 'string' && v.startsWith('$ANSIBLE_VAULT;'),
})

/** Tests of texts and lists. */
export const matchTests: [string, TestFunction][] = [
  ...tests,
  ...aliases(tests, { issubset: 'subset', issuperset: 'superset', isnan: 'nan' }),
]
