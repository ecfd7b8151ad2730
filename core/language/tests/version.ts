import { PythonError, str, truth } from '../python/index.ts'
import type { TestFunction } from '../types.ts'
import type { Value } from '../values.ts'
import { aliases, testTable } from './table.ts'

type Order = (a: string, b: string) => number
type Part = string | number

function compareParts(a: readonly Part[], b: readonly Part[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]]
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1
    if (x === y) continue
    if (typeof x !== typeof y)
      throw new PythonError('FilterError', `Version comparison failed: '<' not supported between '${x}' and '${y}'`)
    return x < y ? -1 : 1
  }
  return 0
}

/** distutils' LooseVersion: numbers and words in turn. */
const loose: Order = (a, b) => compareParts(looseParts(a), looseParts(b))

function looseParts(version: string): Part[] {
  return (version.match(/\d+|[a-z]+|[^\da-z.]+/g) ?? []).map((p) => (/^\d+$/.test(p) ? Number(p) : p))
}

/** distutils' StrictVersion: `1.2[.3][a1]`. */
const strict: Order = (a, b) => {
  const parse = (v: string): Part[] => {
    const m = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?$/.exec(v)
    if (!m) throw new PythonError('FilterError', `Version comparison failed: invalid version number '${v}'`)
    return [Number(m[1]), Number(m[2]), Number(m[3] ?? 0), m[4] ?? 'z', Number(m[5] ?? 0)]
  }
  return compareParts(parse(a), parse(b))
}

const semanticSyntax = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/

/** semver.org 2.0 precedence. */
const semantic: Order = (a, b) => {
  const [x, y] = [a, b].map((v) => {
    const m = semanticSyntax.exec(v)
    if (!m) throw new PythonError('FilterError', `Version comparison failed: invalid semantic version '${v}'`)
    return { core: m.slice(1, 4).map(Number), pre: m[4] }
  })
  const core = compareParts(x?.core ?? [], y?.core ?? [])
  if (core !== 0 || x?.pre === y?.pre) return core
  if (x?.pre === undefined || y?.pre === undefined) return x?.pre === undefined ? 1 : -1
  return comparePrerelease(x.pre.split('.'), y.pre.split('.'))
}

function comparePrerelease(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x = '', y = ''] = [a[i], b[i]]
    if (x === y) continue
    const [m, n] = [/^\d+$/.test(x), /^\d+$/.test(y)]
    if (m && n) return Number(x) - Number(y)
    if (m !== n) return m ? -1 : 1
    return x < y ? -1 : 1
  }
  return a.length - b.length
}

const stages: Record<string, number> = {
  dev: -4,
  a: -3,
  alpha: -3,
  b: -2,
  beta: -2,
  rc: -1,
  c: -1,
  pre: -1,
  preview: -1,
}

/** PEP 440: epoch, release, pre, post, dev. */
const pep440: Order = (a, b) => compareParts(pepParts(a), pepParts(b))

function pepParts(version: string): Part[] {
  const m =
    /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:(?:[-_.]?(post|rev|r)[-_.]?(\d*))|-(\d+))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+[a-z0-9.]+)?$/i.exec(
      version.trim(),
    )
  if (!m) throw new PythonError('FilterError', `Version comparison failed: invalid version '${version}'`)
  const release = (m[2] ?? '').split('.').map(Number)
  while (release.length < 8) release.push(0)
  const hasPost = m[5] !== undefined || m[7] !== undefined
  const stage = m[3] ? (stages[m[3].toLowerCase()] ?? 0) : m[8] && !hasPost ? -4 : 0
  return [
    Number(m[1] ?? 0),
    ...release,
    stage,
    Number(m[4] || 0),
    hasPost ? Number(m[6] || m[7] || 0) : -1,
    m[8] ? Number(m[9] || 0) : Number.MAX_SAFE_INTEGER,
  ]
}

const orders: Record<string, Order> = { loose, strict, semver: semantic, semantic, pep440 }

const operators: Record<string, (order: number) => boolean> = {
  '==': (o) => o === 0,
  '=': (o) => o === 0,
  eq: (o) => o === 0,
  '<': (o) => o < 0,
  lt: (o) => o < 0,
  '<=': (o) => o <= 0,
  le: (o) => o <= 0,
  '>': (o) => o > 0,
  gt: (o) => o > 0,
  '>=': (o) => o >= 0,
  ge: (o) => o >= 0,
  '!=': (o) => o !== 0,
  '<>': (o) => o !== 0,
  ne: (o) => o !== 0,
}

function version(v: Value, args: readonly (Value | undefined)[]): boolean {
  const [other, operator, isStrict, type] = args
  if (type != null && isStrict != null)
    throw new PythonError('FilterError', "Cannot specify both 'strict' and 'version_type'")
  if (str(v) === '') throw new PythonError('FilterError', 'Input version value cannot be empty')
  if (str(other ?? null) === '')
    throw new PythonError('FilterError', 'Version parameter to compare against cannot be empty')
  const kind = type == null ? (truth(isStrict ?? false) ? 'strict' : 'loose') : str(type)
  const name = str(operator ?? 'eq')
  if (!Object.hasOwn(orders, kind))
    throw new PythonError(
      'FilterError',
      `Invalid version type (${kind}). Must be one of ${Object.keys(orders).join(', ')}`,
    )
  if (!Object.hasOwn(operators, name))
    throw new PythonError(
      'FilterError',
      `Invalid operator type (${name}). Must be one of ${Object.keys(operators).join(', ')}`,
    )
  return operators[name]?.(orders[kind]?.(str(v), str(other ?? null)) ?? 0) ?? false
}

const tests = testTable({ 'version version operator? strict? version_type?': version })

/** Tests of version numbers: loose, strict, semver or pep440. */
export const versionTests: [string, TestFunction][] = [...tests, ...aliases(tests, { version_compare: 'version' })]
