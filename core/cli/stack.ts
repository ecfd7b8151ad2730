import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** An error's stack with places in the sources, where the program is one built file with a map beside it. */
export function sourceStack(stack: string): string {
  const file = fileURLToPath(import.meta.url)
  if (!stack.includes(`${file}:`)) return stack
  let map: SourceMap
  try {
    map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload)
  } catch {
    return stack
  }
  const [head = '', ...rest] = stack.split(`${file}:`)
  return head + rest.map((text) => placeIn(map, file, text)).join('')
}

/** `12:34) …` after the file's name, as a place in the sources. */
function placeIn(map: SourceMap, file: string, text: string): string {
  const [, line = '', column = '', after = ''] = /^(\d+):(\d+)(.*)$/s.exec(text) ?? []
  const entry = map.findEntry(Number(line) - 1, Number(column) - 1) as Partial<SourceMapping>
  if (entry.originalSource === undefined) return `${file}:${text}`
  const source = resolve(dirname(file), entry.originalSource)
  return `${source}:${entry.originalLine! + 1}:${entry.originalColumn! + 1}${after}`
}
