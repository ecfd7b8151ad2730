import { PythonError, pythonRegex, str } from '../python/index.ts'
import type { LookupFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { readText, requireFile } from './find.ts'
import { inlineOptions, isOn, type Options, option } from './table.ts'

/** Options from keywords, else from the text of the term. */
function settings(term: Value, kwargs: Options): { name: string; get: (key: string, otherwise: string) => string } {
  const { name, options } = inlineOptions(str(term))
  return { name, get: (key, otherwise) => option(kwargs, key) ?? options.get(key) ?? otherwise }
}

/** Rows of CSV: fields in double quotes may hold the delimiter, line breaks and doubled quotes. */
export function parseCsv(text: string, delimiter: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c !== '"') field += c
      else if (text[i + 1] === '"') field += text[++i]
      else quoted = false
    } else if (c === '"' && field === '') quoted = true
    else if (c === delimiter) {
      row.push(field)
      field = ''
    } else if (c === '\n') {
      rows.push([...row, field.replace(/\r$/, '')])
      row = []
      field = ''
    } else field += c
  }
  if (field !== '' || row.length > 0) rows.push([...row, field])
  return rows
}

const csvfile: LookupFunction = async (terms, kwargs, context) => {
  const answers = await Promise.all(
    terms.map(async (term) => {
      const { name, get } = settings(term, kwargs)
      const delimiter = get('delimiter', 'TAB')
      const text = await readText(requireFile(get('file', 'ansible.csv'), 'files', context), context)
      const rows = parseCsv(text, /^(?:TAB|t)$/.test(delimiter) ? '\t' : delimiter)
      const row = rows.find((r) => r[Number(get('keycol', '0'))] === name)
      const found = row?.[Number(get('col', '1'))]
      const otherwise = get('default', '\0')
      return found ?? (otherwise === '\0' ? undefined : otherwise)
    }),
  )
  return answers.filter((a) => a !== undefined)
}

/** Sections of an ini or a properties file; keys in lower case, as Python's configparser has them, unless case counts. */
export function parseIni(text: string, properties: boolean, caseSensitive: boolean): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  let key: string | undefined
  if (properties) sections.set('java_properties', section)
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;].*)?$/.test(line)) continue
    const head = /^\[([^\]]+)\]/.exec(line)
    const entry = /^\s*([^=:]+?)\s*[=:]\s*(.*?)\s*$/.exec(line)
    if (head && !properties) {
      section = sections.get(head[1] ?? '') ?? new Map()
      sections.set(head[1] ?? '', section)
      key = undefined
    } else if (/^\s/.test(line) && key !== undefined) {
      section.set(key, `${section.get(key)}\n${line.trim()}`)
    } else if (entry) {
      key = caseSensitive ? (entry[1] ?? '') : (entry[1] ?? '').toLowerCase()
      section.set(key, entry[2] ?? '')
    }
  }
  return sections
}

const ini: LookupFunction = async (terms, kwargs, context) => {
  const all = await Promise.all(
    terms.map(async (term): Promise<Value[]> => {
      const { name, get } = settings(term, kwargs)
      const isProperties = get('type', 'ini') === 'properties'
      const file = get('file', 'ansible.ini')
      const isExact = isOn(kwargs, 'case_sensitive', false)
      const sections = parseIni(await readText(requireFile(file, 'files', context), context), isProperties, isExact)
      const wanted = isProperties ? 'java_properties' : get('section', 'global')
      const section = sections.get(wanted)
      const otherwise = get('default', '')
      if (isOn(kwargs, 're', false)) {
        const regex = pythonRegex(name)
        return [...(section ?? [])].filter(([k]) => regex.test(k)).map(([, v]) => v)
      }
      const key = isExact ? name : name.toLowerCase()
      if (!section && !isOn(kwargs, 'allow_none', false) && otherwise === '') {
        throw new PythonError('FilterError', `no section '${wanted}' in ${file}`)
      }
      return [section?.get(key) ?? otherwise]
    }),
  )
  return all.flat()
}

/** Lookups that read one value of a structured file. */
export const dataFileLookups: [string, LookupFunction][] = [
  ['csvfile', csvfile],
  ['ini', ini],
]
