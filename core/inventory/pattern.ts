import { readFileSync } from 'node:fs'
import { type Diagnostic, DiagnosticError, didYouMean, errorAt } from '../language/index.ts'
import { unreadable } from './document.ts'
import { nameTest } from './glob.ts'
import { BadRange, expandRange, hasRange } from './range.ts'

/** What patterns are matched against. */
export interface PatternSubject {
  readonly hosts: ReadonlyMap<string, unknown>
  readonly groups: ReadonlyMap<string, unknown>
  hostsOf(group: string): readonly string[]
}

/** Names of the controller that a pattern may mean, though no inventory has them. */
export const localNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])
const ipv6 = /^[!&]?[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/

/**
 * The parts of a pattern: separated by commas, or else by colons outside of brackets. An IPv6 address is one part, and so is a
 * regular expression behind `~` unless commas separate it.
 */
export function splitPattern(pattern: string | readonly string[]): string[] {
  if (typeof pattern !== 'string') return pattern.flatMap(splitPattern)
  const text = pattern.trim()
  if (text.includes(',')) return text.split(',').flatMap((part) => splitPattern(part))
  if (text === '') return []
  if (ipv6.test(text)) return [text]
  return text.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? [text]
}

/** Hosts of a pattern. Whatever the order of writing: first the plain parts, then `&`, then `!`. */
export function matchPattern(
  pattern: string | readonly string[],
  subject: PatternSubject,
  diagnostics: Diagnostic[],
): string[] {
  const parts = splitPattern(pattern)
  const plain = parts.filter((part) => !/^[&!]/.test(part))
  const also = parts.filter((part) => part.startsWith('&'))
  const not = parts.filter((part) => part.startsWith('!'))
  if (parts.length === 0) return []
  let hosts = new Set<string>()
  for (const part of plain.length > 0 ? plain : ['all']) {
    for (const name of matchPart(part, subject, diagnostics)) hosts.add(name)
  }
  for (const part of also) {
    const wanted = new Set(matchPart(part.slice(1), subject, diagnostics))
    hosts = new Set([...hosts].filter((name) => wanted.has(name)))
  }
  for (const part of not) for (const name of matchPart(part.slice(1), subject, diagnostics)) hosts.delete(name)
  return [...hosts]
}

/** A limit: parts that begin with `@` name a file with one pattern a line. */
export function limitParts(limit: string | readonly string[]): string[] {
  return splitPattern(limit).flatMap((part) => {
    if (!part.startsWith('@')) return [part]
    const file = part.slice(1)
    try {
      const lines = readFileSync(file, 'utf8').split(/\r?\n/)
      return lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
    } catch (error) {
      throw new DiagnosticError([unreadable(file, error)])
    }
  })
}

/** `base[0]`, `base[-1]`, `base[1:3]` (both ends included), `base[2:]`. */
const subscript = /^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/

function matchPart(part: string, subject: PatternSubject, diagnostics: Diagnostic[]): readonly string[] {
  if (part === '') throw new DiagnosticError([errorAt('bad-pattern', 'a part of the host pattern is empty')])
  const split = part.startsWith('~') ? null : subscript.exec(part)
  if (split) {
    const hosts = findHosts(split[1]!, subject)
    if (hosts.length > 0 || subject.groups.has(split[1]!)) return pick(hosts, split[2], split[3], split[4])
  }
  const hosts =
    hasRange(part) && !part.startsWith('~')
      ? expand(part).flatMap((name) => findHosts(name, subject))
      : findHosts(part, subject)
  if (hosts.length === 0 && !subject.groups.has(part) && part !== '*')
    diagnostics.push(unmatched(split?.[1] ?? part, subject))
  return hosts
}

function pick(hosts: readonly string[], index?: string, from?: string, to?: string): readonly string[] {
  if (index === undefined) return hosts.slice(Number(from), to === '' || to === undefined ? undefined : Number(to) + 1)
  const one = hosts.at(Number(index))
  return one === undefined ? [] : [one]
}

function expand(part: string): string[] {
  try {
    return expandRange(part)
  } catch (error) {
    if (!(error instanceof BadRange)) throw error
    throw new DiagnosticError([errorAt('bad-pattern', error.message, undefined, error.hint)])
  }
}

/** Hosts of the groups whose name fits; host names are asked too when no group fits, or the pattern is no plain word. */
function findHosts(pattern: string, subject: PatternSubject): readonly string[] {
  if (pattern === 'all' || pattern === '*') return subject.hostsOf('all')
  const plain = !pattern.startsWith('~') && !/[*?[]/.test(pattern)
  if (plain && subject.groups.has(pattern) && !subject.hosts.has(pattern)) return subject.hostsOf(pattern)
  const fits = nameTest(pattern)
  const result = new Set<string>()
  const groups = plain ? (subject.groups.has(pattern) ? [pattern] : []) : [...subject.groups.keys()].filter(fits)
  for (const group of groups) for (const host of subject.hostsOf(group)) result.add(host)
  if (groups.length === 0 || /[.?*[]|^~/.test(pattern)) {
    if (plain) {
      if (subject.hosts.has(pattern)) result.add(pattern)
    } else for (const host of subject.hosts.keys()) if (fits(host)) result.add(host)
  }
  if (result.size === 0 && localNames.has(pattern)) return [pattern]
  return [...result]
}

function unmatched(pattern: string, subject: PatternSubject): Diagnostic {
  const guess = didYouMean(pattern, [...subject.groups.keys(), ...subject.hosts.keys()])
  return {
    severity: 'warning',
    code: 'pattern-without-hosts',
    message: `no host or group matches '${pattern}'`,
    ...(guess !== undefined && { hint: `did you mean ${guess}?` }),
  }
}
