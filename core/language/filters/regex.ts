import { allMatches, expandReplacement, PythonError, pythonRegex, str, substitute } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Tuple, type Value } from '../values.ts'
import { count, flag } from './options.ts'
import { filterTable } from './table.ts'

function compile(pattern: Value | undefined, ignoreCase: Value | undefined, multiline: Value | undefined): RegExp {
  return pythonRegex(str(pattern ?? null), { ignoreCase: flag(ignoreCase, false), multiline: flag(multiline, false) })
}

/** What re.findall gives for a match: the whole, its only group, or all groups. */
function findings(match: RegExpExecArray): Value {
  if (match.length === 1) return match[0]
  return match.length === 2 ? (match[1] ?? '') : new Tuple(match.slice(1).map((g) => g ?? ''))
}

const search: FilterFunction = (input, args, kwargs) => {
  const pattern = args[0] ?? kwargs.get('regex') ?? null
  const match = compile(pattern, kwargs.get('ignorecase'), kwargs.get('multiline')).exec(str(input))
  if (!match) return null
  const groups = args.slice(1).map((arg): string => {
    const m = /^\\(?:g<(\S+)>|(\d+))$/.exec(str(arg))
    if (!m) throw new PythonError('FilterError', 'Unknown argument')
    return expandReplacement(str(arg), match)
  })
  return groups.length > 0 ? groups : match[0]
}

const posixSpecial = /[[\].^$*\\]/g
const pythonSpecial = /[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g

function escapePattern(text: string, type: string): string {
  if (type === 'python') return text.replace(pythonSpecial, (c) => `\\${c}`)
  if (type === 'posix_basic') return text.replace(posixSpecial, (c) => `\\${c}`)
  throw new PythonError('FilterError', `Invalid regex type (${type})`)
}

/** Filters of regular expressions, Python's. */
export const regexFilters: [string, FilterFunction][] = [
  ['regex_search', search],
  ...filterTable({
    'regex_replace pattern? replacement? ignorecase? multiline? count? mandatory_count?': (
      v,
      [p, r, i, m, n, needed],
    ) => {
      const result = substitute(compile(p ?? '', i, m), str(v), str(r ?? ''), count(n, 0))
      const wanted = count(needed, 0)
      if (wanted > 0 && result.count !== wanted) {
        throw new PythonError(
          'FilterError',
          `'${str(p ?? '')}' should match ${wanted} times, but matches ${result.count} times in '${str(v)}'`,
        )
      }
      return result.text
    },
    'regex_findall regex multiline? ignorecase?': (v, [p, m, i]) => allMatches(compile(p, i, m), str(v)).map(findings),
    'regex_escape re_type?': (v, [type]) => escapePattern(str(v), str(type ?? 'python')),
  }),
]
