import type { JsonObject } from '../../../core/events/json.ts'
import { chooseSubsets, SUBSETS, type SubsetName } from './choose.ts'

/*
 * Facts that are kept between runs: as text, one file a host, which Ansible's jsonfile cache can read, and of which it writes its
 * own. Nothing here touches a disk or asks for the time.
 */

/** Facts of one host with their full names, and when each subset was read, in milliseconds since the epoch. */
export interface KeptFacts {
  readonly facts: JsonObject
  readonly read: Readonly<Partial<Record<SubsetName, number>>>
}

/** Beside the facts, as Ansible does with its own notes. */
const READ = 'virtfleet_read'

/** What was just read, over what was kept before. */
export function keepFacts(
  before: KeptFacts | undefined,
  facts: JsonObject,
  subsets: readonly SubsetName[],
  now: number,
): KeptFacts {
  return {
    facts: { ...before?.facts, ...facts },
    read: { ...before?.read, ...Object.fromEntries(subsets.map((name) => [name, now])) },
  }
}

/** Those of the subsets that were not read within the last `age` milliseconds. A time that is yet to come counts as none. */
export function staleSubsets(
  kept: KeptFacts | undefined,
  wanted: readonly SubsetName[],
  age: number,
  now: number,
): SubsetName[] {
  return wanted.filter((name) => {
    const then = kept?.read[name]
    return then === undefined || then > now || now - then > age
  })
}

/** As a file of Ansible's jsonfile cache has them. */
export function formatFacts({ facts, read }: KeptFacts): string {
  const times = Object.entries(read).map(([name, time]) => [name, new Date(time).toISOString()])
  const notes = { gather_subset: Object.keys(read), module_setup: true, [READ]: Object.fromEntries(times) }
  return `${JSON.stringify({ ...facts, ...notes }, undefined, 4)}\n`
}

/**
 * Facts from such a file; undefined for text that is none. Where Ansible wrote it, its subsets count from the file's change,
 * `changed`, on.
 */
export function parseFacts(text: string, changed: number): KeptFacts | undefined {
  const value = objectOf(text)
  if (!value) return undefined
  const { [READ]: times, gather_subset: subsets, module_setup: _, ...facts } = value
  if (times !== undefined) {
    const read = SUBSETS.flatMap((name): [SubsetName, number][] => {
      const time = isObject(times) && typeof times[name] === 'string' ? Date.parse(times[name]) : Number.NaN
      return Number.isNaN(time) ? [] : [[name, time]]
    })
    return { facts, read: Object.fromEntries(read) }
  }
  return { facts, read: Object.fromEntries(subsetsOf(subsets).map((name) => [name, changed])) }
}

/** What Ansible says that it gathered. Of what we do not know we say nothing. */
function subsetsOf(list: unknown): SubsetName[] {
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string')) return []
  try {
    return chooseSubsets(list)
  } catch {
    return []
  }
}

function objectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
