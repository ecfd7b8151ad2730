import { dictGet, isIterable, iterate, PythonError, str } from '../python/index.ts'
import type { FilterFunction } from '../types.ts'
import { Tuple, type Value } from '../values.ts'
import { text } from './options.ts'
import { filterTable } from './table.ts'

function quote(part: string, keepSlash: boolean): string {
  const encoded = encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded.replaceAll('%20', '+')
}

function urlEncode(input: Value): string {
  if (typeof input === 'string' || !isIterable(input)) return quote(str(input), true)
  const pairs = input instanceof Map ? [...input] : iterate(input).map(iterate)
  return pairs.map(([k, v]) => `${quote(str(k ?? null), false)}=${quote(str(v ?? null), false)}`).join('&')
}

/** `+` is a space; bytes that are no UTF-8 become the replacement character. */
function urlDecode(input: string): string {
  return input
    .replaceAll('+', ' ')
    .replace(/(?:%[0-9a-fA-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'))
}

function splitUrl(url: string): Map<string, Value> {
  const m = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(url)
  const [, scheme = '', netloc = '', path = '', query = '', fragment = ''] = m ?? []
  const at = netloc.lastIndexOf('@')
  const [user, password] = at < 0 ? [null, null] : separate(netloc.slice(0, at))
  const host = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(netloc.slice(at + 1))
  return new Map<string, Value>([
    ['fragment', fragment],
    ['hostname', host?.[1]?.replace(/[[\]]/g, '').toLowerCase() || null],
    ['netloc', netloc],
    ['password', password],
    ['path', path],
    ['port', host?.[2] ? Number(host[2]) : null],
    ['query', query],
    ['scheme', scheme.toLowerCase()],
    ['username', user],
  ])
}

function separate(credentials: string): [string, string | null] {
  const at = credentials.indexOf(':')
  return at < 0 ? [credentials, null] : [credentials.slice(0, at), credentials.slice(at + 1)]
}

function urlSplit(input: string, query: string): Value {
  const parts = splitUrl(input)
  if (query === '') return parts
  const part = dictGet(parts, query)
  if (part === undefined) throw new PythonError('FilterError', `urlsplit: unknown URL component: ${query}`)
  return part
}

/** Filters of URLs. */
export const urlFilters: [string, FilterFunction][] = filterTable({
  urlencode: (v) => urlEncode(v instanceof Tuple ? [...v.items] : v),
  urldecode: (v) => urlDecode(str(v)),
  'urlsplit query?': (v, [query]) => urlSplit(str(v), text(query, '')),
})
