import { repr, str, usable, valueError } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Undefined, type Value } from '../values.ts'
import { flag } from './options.ts'
import { filterTable } from './table.ts'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&#39;', '"': '&#34;' }
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

/** Text is escaped each time: there is no markup type, since autoescape is off as in Ansible. */
export function escapeHtml(value: Value): string {
  return str(value).replace(/[&<>'"]/g, (c) => entities[c] ?? c)
}

function stripTags(input: string): string {
  const bare = input
    .replace(/<!--[\s\S]*?-->|<[^>]*>/g, '')
    .split(/\s+/)
    .filter(Boolean)
    .join(' ')
  return bare.replace(/&(#x?)?(\w+);/g, (all, numeric: string | undefined, body: string) => {
    if (numeric === undefined) return named[body] ?? all
    return String.fromCodePoint(Number.parseInt(body, numeric === '#' ? 10 : 16) || 0xfffd)
  })
}

function attributes(input: Value, space: boolean): string {
  if (!(usable(input) instanceof Map)) throw valueError('xmlattr wants a dict')
  const parts: string[] = []
  for (const [key, value] of input as ReadonlyMap<string, Value>) {
    if (value === null || value instanceof Undefined) continue
    if (/[\s/>=]/.test(str(key))) throw valueError(`invalid character in attribute name: ${repr(key)}`)
    parts.push(`${escapeHtml(key)}="${escapeHtml(value)}"`)
  }
  return parts.length > 0 && space ? ` ${parts.join(' ')}` : parts.join(' ')
}

const link = /\b(https?:\/\/|www\.)[^\s<>"']*[^\s<>"'.,;:!?)\]]/g

function urlize(input: string): string {
  return escapeHtml(input).replace(link, (url) => {
    const target = url.startsWith('www.') ? `https://${url}` : url
    return `<a href="${target}" rel="noopener">${url}</a>`
  })
}

/** Filters of HTML and XML. */
export const htmlFilters: [string, FilterFunction][] = filterTable({
  e: (v) => escapeHtml(v),
  escape: (v) => escapeHtml(v),
  forceescape: (v) => escapeHtml(v),
  safe: (v) => str(v),
  striptags: (v) => stripTags(str(v)),
  'xmlattr autospace?': (v, [space]) => attributes(v, flag(space, true)),
  urlize: (v) => urlize(str(v)),
  pprint: (v) => repr(v),
})
