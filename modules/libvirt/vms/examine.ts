import { dirname } from 'node:path'
import { CommandTimeout, ConnectionError } from '../../../core/connection/errors.ts'
import { sh } from '../../../core/connection/quote.ts'
import { LibvirtError } from '../../../core/libvirt/errors.ts'
import type { ImageUsers } from '../../../core/libvirt/images/users.ts'
import { type FleetStates, type HostName, ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { isLocal } from '../file-systems.ts'
import { usersOfImages } from '../image/users.ts'
import type { VmsArgs } from './args.ts'
import { domainsOf, locate } from './fleet.ts'
import { neededAmong } from './needed.ts'
import type { VmHost } from './probe.ts'
import { obstacle } from './refusing.ts'
import { wantedVms } from './wanted.ts'

/** A host, as far as files that are to be deleted are concerned. */
interface Place {
  /** Those that its journal has. */
  readonly own: ReadonlySet<string>
  /** Those that are there. */
  readonly there: ReadonlySet<string>
  /** Domains that name one as a disk, there or not: what it is on may not be mounted. (An image on top of it would not be seen then.) */
  readonly named: ReadonlyMap<string, readonly string[]>
  /** Folders that are on file systems of its own. */
  readonly local: ReadonlySet<string>
}

/**
 * Before VMs are removed: who else needs the files that journals say were made for them, asked on every host that may see them. The answer
 * is put into the states. A host that cannot tell may need them all.
 */
export async function examineVms(
  hosts: ReadonlyMap<HostName, Reader>,
  states: FleetStates<VmHost>,
  args: VmsArgs,
): Promise<FleetStates<VmHost>> {
  if (args.state !== 'absent') return states
  // One that stays, as nobody knows which of two it is, needs what is below it like any other.
  const vms = wantedVms(args).filter((vm) => obstacle(() => locate(states, args.fleet, vm)) === undefined)
  const uuids = new Map(vms.map(({ name, uuid }) => [name, uuid]))
  const ours = (state: VmHost) => state.journal.filter(({ name, uuid }) => uuids.get(name) === uuid)
  const doomed = new Map<string, Set<string>>()
  for (const state of states.answered.values())
    for (const { name, files } of ours(state)) doomed.set(name, new Set([...(doomed.get(name) ?? []), ...files]))
  const files = [...new Set([...doomed.values()].flatMap((one) => [...one]))]
  if (files.length === 0) return states
  const answers = await Promise.all(
    [...states.answered].map(async ([name, state]): Promise<[HostName, Place | string]> => {
      const own = new Set(ours(state).flatMap((entry) => entry.files))
      if (state.domains.kind === 'missing' && own.size === 0) return [name, NOWHERE]
      return [name, await told(hosts.get(name), name, (host) => placeOf(host, state, files, own))]
    }),
  )
  const places = new Map(answers)
  const users = await Promise.all(
    answers.map(async ([name, place]) => {
      if (typeof place === 'string') return nobodyKnows(files, place)
      const same = files.filter((file) => isSame(file, place, places))
      const named = new Map(same.map((file) => [file, { ...NOBODY, domains: place.named.get(file) ?? [] }]))
      const asked = same.filter((file) => place.there.has(file))
      if (asked.length === 0) return named
      const found = await told(hosts.get(name), name, (host) => usersOfImages(host, asked))
      if (typeof found === 'string') return new Map([...named, ...nobodyKnows(asked, found)])
      // A file of a name that goes elsewhere does not go here.
      const here = (image: string): string => {
        const file = image.replace(/\.part$/, '')
        return files.includes(file) && !isSame(file, place, places) ? `${image} on ${name}` : image
      }
      const users = [...found].map(([file, one]) => [file, { ...one, overlays: one.overlays.map(here) }] as const)
      return new Map([...named, ...users])
    }),
  )
  const removal = neededAmong(
    [...doomed].map(([name, own]) => ({ name, files: [...own] })),
    merged(users),
  )
  return { ...states, answered: new Map([...states.answered].map(([name, state]) => [name, { ...state, removal }])) }
}

const NOWHERE: Place = { own: new Set(), there: new Set(), named: new Map(), local: new Set() }
const NOBODY: ImageUsers = { domains: [], overlays: [], unknown: [], closed: [] }

async function placeOf(
  host: Reader,
  state: VmHost,
  files: readonly string[],
  own: ReadonlySet<string>,
): Promise<Place> {
  const folders = [...new Set(files.map((file) => dirname(file)))]
  const answer = await host.read(sh`
for f in ${files}; do { [ -e "$f" ] || [ -h "$f" ]; } && printf 'there %s\n' "$f"; done
for d in ${folders}; do [ -d "$d" ] && printf 'on %s %s\n' "$(findmnt -no FSTYPE -T "$d" 2>/dev/null | tail -n 1)" "$d"; done; true`)
  if (answer.status !== 0) throw new ModuleFailure(`its files cannot be looked at: ${answer.stderr.toString().trim()}`)
  const named = new Map<string, string[]>()
  for (const { model } of domainsOf(state))
    for (const { source = '' } of model.disks) named.set(source, [...(named.get(source) ?? []), model.name ?? ''])
  const there = new Set<string>()
  const local = new Set<string>()
  for (const line of answer.stdout.toString().split('\n')) {
    const [, what, rest = ''] = /^(there|on) (.*)$/.exec(line) ?? []
    const at = rest.indexOf(' ')
    if (what === 'there') there.add(rest)
    else if (what === 'on' && isLocal(rest.slice(0, at))) local.add(rest.slice(at + 1))
  }
  return { own, there, named, local }
}

/** Whether a file there may be the one that a journal has: its own, or one that the host of the journal sees too. */
function isSame(file: string, place: Place, places: ReadonlyMap<HostName, Place | string>): boolean {
  if (place.own.has(file)) return true
  const folder = dirname(file)
  const keepers = [...places.values()].filter((one): one is Place => typeof one !== 'string' && one.own.has(file))
  return keepers.length === 0 || keepers.some((one) => !one.local.has(folder) || !place.local.has(folder))
}

/** What a host says, or why it does not. */
async function told<T>(
  host: Reader | undefined,
  name: HostName,
  ask: (host: Reader) => Promise<T>,
): Promise<T | string> {
  try {
    return host ? await ask(host) : `${name} (not at hand)`
  } catch (error) {
    host?.signal.throwIfAborted()
    const isAnswer = [ModuleFailure, LibvirtError, ConnectionError, CommandTimeout].some((one) => error instanceof one)
    if (!isAnswer) throw error
    return `${name} (${(error as Error).message})`
  }
}

const nobodyKnows = (files: readonly string[], why: string): Map<string, ImageUsers> =>
  new Map(files.map((file) => [file, { ...NOBODY, unknown: [why] }]))

/** By file, what all hosts say. */
function merged(all: readonly ReadonlyMap<string, ImageUsers>[]): Map<string, ImageUsers> {
  const users = new Map<string, ImageUsers>()
  for (const [file, more] of all.flatMap((one) => [...one])) {
    const { domains, overlays, unknown, closed } = users.get(file) ?? NOBODY
    users.set(file, {
      domains: [...domains, ...more.domains],
      overlays: [...overlays, ...more.overlays],
      unknown: [...unknown, ...more.unknown],
      closed: [...closed, ...more.closed],
    })
  }
  return users
}
