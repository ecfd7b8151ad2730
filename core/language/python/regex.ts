import { PythonError, valueError } from './error.ts'
import { translatePattern } from './regex-syntax.ts'

export interface RegexFlags {
  readonly ignoreCase?: boolean
  readonly multiline?: boolean
  readonly dotAll?: boolean
}

const cache = new Map<string, RegExp>()
const maxCached = 500

/**
 * Python's regular expression as JavaScript's, without the flag g: `exec` is re.search. Syntax that JavaScript cannot
 * express (atomic groups, possessive quantifiers, conditionals, flags for a part) is a ValueError that names it.
 */
export function pythonRegex(pattern: string, flags: RegexFlags = {}): RegExp {
  const key = `${flags.ignoreCase ? 'i' : ''}${flags.multiline ? 'm' : ''}${flags.dotAll ? 's' : ''}/${pattern}`
  const known = cache.get(key)
  if (known) return known
  const { source, ignoreCase } = translatePattern(pattern, flags)
  const regex = build(source, ignoreCase ? 'iu' : 'u', pattern)
  if (cache.size >= maxCached) cache.clear()
  cache.set(key, regex)
  return regex
}

function build(source: string, flags: string, pattern: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*\/[a-z]*: /s, '') : 'bad pattern'
    throw valueError(`invalid regular expression '${pattern}': ${reason}`)
  }
}

/** Every match, left to right, as re.finditer. */
export function allMatches(regex: RegExp, text: string): RegExpExecArray[] {
  return [...text.matchAll(new RegExp(regex.source, `${regex.flags}g`))]
}

const simpleEscapes: Record<string, string> = {
  n: '\n',
  t: '\t',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\x07',
  b: '\b',
  '\\': '\\',
}

/** The replacement of re.sub for one match: `\1`, `\g<1>`, `\g<name>`; a group that did not take part is empty. */
export function expandReplacement(template: string, match: RegExpExecArray): string {
  return template.replace(
    /\\(?:g<([^>]*)>|(0[0-7]{0,2}|[1-9]\d?)|([\s\S]))|\\$/g,
    (all, name?: string, digits?: string, c?: string) => {
      if (name !== undefined) return group(match, name)
      if (digits !== undefined)
        return digits.startsWith('0') ? String.fromCharCode(Number.parseInt(digits, 8)) : group(match, digits)
      if (c === undefined) throw valueError('bad escape (end of pattern)')
      const simple = simpleEscapes[c]
      if (simple === undefined && /[A-Za-z]/.test(c)) throw valueError(`bad escape \\${c}`)
      return simple ?? all
    },
  )
}

function group(match: RegExpExecArray, name: string): string {
  if (/^\d+$/.test(name)) {
    if (Number(name) >= match.length) throw valueError(`invalid group reference ${name}`)
    return match[Number(name)] ?? ''
  }
  if (!match.groups || !Object.hasOwn(match.groups, name))
    throw new PythonError('IndexError', `unknown group name '${name}'`)
  return match.groups[name] ?? ''
}

/** re.sub, with the number of replacements made. */
export function substitute(
  regex: RegExp,
  text: string,
  replacement: string,
  count = 0,
): { text: string; count: number } {
  let out = ''
  let end = 0
  let made = 0
  for (const match of allMatches(regex, text)) {
    if (count > 0 && made >= count) break
    out += text.slice(end, match.index) + expandReplacement(replacement, match)
    end = match.index + match[0].length
    made++
  }
  return { text: out + text.slice(end), count: made }
}
