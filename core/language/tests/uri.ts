import { iterate, str } from '../python/index.ts'
import type { TestFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { testTable } from './table.ts'

function hasScheme(v: Value, schemes: Value | undefined): RegExpExecArray | undefined {
  const m = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?#]*))?(.*)$/s.exec(str(v))
  const wanted = schemes === undefined || schemes === null ? [] : iterate(schemes).map(str)
  if (!m || (wanted.length > 0 && !wanted.includes(m[1]?.toLowerCase() ?? ''))) return undefined
  return m
}

/** Tests of URIs: a URL names a place, a URN a name. */
export const uriTests: [string, TestFunction][] = testTable({
  'uri schemes?': (v, [schemes]) => {
    const m = hasScheme(v, schemes)
    return m !== undefined && (m[2] !== undefined || (m[3] ?? '') !== '')
  },
  'url schemes?': (v, [schemes]) => {
    const m = hasScheme(v, schemes)
    return m !== undefined && ((m[2] ?? '') !== '' || m[1]?.toLowerCase() === 'file')
  },
  urn: (v) => /^urn:[^:]+:.+/is.test(str(v)),
})
