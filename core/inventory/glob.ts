import { DiagnosticError, errorAt } from '../language/index.ts'

/** A test for names by a glob as Python's fnmatch has it (`*`, `?`, `[seq]`, `[!seq]`), or by `~` and a regular expression. */
export function nameTest(pattern: string): (name: string) => boolean {
  if (!pattern.startsWith('~') && !/[*?[]/.test(pattern)) return (name) => name === pattern
  const source = pattern.startsWith('~') ? `^(?:${pattern.slice(1).replaceAll('(?P<', '(?<')})` : globSource(pattern)
  try {
    const regexp = new RegExp(source, 's')
    return (name) => regexp.test(name)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new DiagnosticError([
      errorAt('bad-pattern', `'${pattern}' is not a regular expression`, undefined, error.message),
    ])
  }
}

function globSource(pattern: string): string {
  let source = '^'
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]!
    if (c === '*') source += '.*'
    else if (c === '?') source += '.'
    else if (c === '[') {
      const close = pattern.indexOf(']', pattern[i + 1] === '!' ? i + 3 : i + 2)
      if (close < 0) source += '\\['
      else {
        const body = pattern.slice(i + 1, close).replace(/[\\\][^]/g, '\\$&')
        source += `[${body.startsWith('!') ? `^${body.slice(1)}` : body}]`
        i = close
      }
    } else source += c.replace(/[\\^$.|+()\]{}/-]/, '\\$&')
  }
  return `${source}$`
}
