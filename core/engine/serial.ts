import type { Position } from '../events/types.ts'
import { DiagnosticError, errorAt } from '../language/diagnostic.ts'
import { str, type Value } from '../language/index.ts'

/**
 * Hosts in batches as `serial` says: a number, a percentage of all, or a list of them of which the last one goes on. At least
 * one host is in a batch, as with Ansible.
 */
export function batchesOf(hosts: readonly string[], serial: Value | undefined, at: Position): string[][] {
  const steps = (Array.isArray(serial) ? serial : serial === undefined || serial === null ? [] : [serial]).map((one) =>
    sizeOf(one, hosts.length, at),
  )
  if (steps.length === 0 || hosts.length === 0) return [[...hosts]]
  const batches: string[][] = []
  for (let from = 0; from < hosts.length; ) {
    const size = steps[Math.min(batches.length, steps.length - 1)]!
    batches.push(hosts.slice(from, from + size))
    from += size
  }
  return batches
}

function sizeOf(value: Value, all: number, at: Position): number {
  const text = str(value).trim()
  const match = /^(\d+)(%?)$/.exec(text)
  if (!match)
    throw new DiagnosticError([errorAt('bad-value', `serial must be a number or a percentage, not '${text}'`, at)])
  const number = Number(match[1])
  if (match[2] === '%') return Math.max(1, Math.floor((all * number) / 100))
  return number === 0 ? all : number
}
