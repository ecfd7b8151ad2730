import { asIndex, PythonError, str } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import type { Value } from '../values.ts'

interface Style {
  readonly decoration: string
  readonly beginning?: string
  readonly end?: string
}

const styles: Record<string, Style> = {
  plain: { decoration: '# ' },
  erlang: { decoration: '% ' },
  c: { decoration: '// ' },
  cblock: { beginning: '/*', decoration: ' * ', end: ' */' },
  xml: { beginning: '<!--', decoration: ' - ', end: '-->' },
}

const maxCount = 1000

/** Text as a comment: `comment('c')`, `comment(decoration='! ', prefix='-----', prefix_count=2)`. */
export const comment: FilterFunction = (input, args, kwargs) => {
  const name = str(args[0] ?? kwargs.get('style') ?? 'plain')
  const style = Object.hasOwn(styles, name) ? styles[name] : undefined
  if (!style) throw new PythonError('FilterError', `Invalid style '${name}'`)
  const option = (key: string, otherwise: string): string => textOf(kwargs.get(key), otherwise)
  const decoration = option('decoration', style.decoration)
  const newline = option('newline', '\n')
  const bare = decoration.trimEnd()
  const repeated = (key: string): string[] => {
    const line = option(key, bare)
    return Array.from({ length: Math.min(asIndex(kwargs.get(`${key}_count`) ?? 1), maxCount) }, () => line)
  }
  const optional = (line: string): string[] => (line === '' ? [] : [line])
  const body = str(input)
    .split(newline)
    .map((line) => (line === '' ? bare : decoration + line))
  return [
    ...optional(option('beginning', style.beginning ?? '')),
    ...repeated('prefix').flatMap(optional),
    ...body,
    ...repeated('postfix'),
    ...optional(option('end', style.end ?? '')),
  ].join(newline)
}

function textOf(value: Value | undefined, otherwise: string): string {
  return value === undefined ? otherwise : str(value)
}
