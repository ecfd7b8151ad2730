import { type FleetStates, type HostName, ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { type ImageUsers, usersOfImages } from '../image/users.ts'
import type { VmsArgs } from './args.ts'
import { type Doomed, neededAmong } from './needed.ts'
import type { VmHost } from './probe.ts'
import { wantedVms } from './wanted.ts'

/** A file that is to be deleted, on a host whose journal has it. */
interface Place {
  readonly host: HostName
  readonly file: string
}

/**
 * Before VMs are removed: who else needs the files that journals say were made for them, asked on every host that may see them. The answer
 * is put into the states. Raises ModuleFailure where it cannot be told.
 */
export async function examineVms(
  hosts: ReadonlyMap<HostName, Reader>,
  states: FleetStates<VmHost>,
  args: VmsArgs,
): Promise<FleetStates<VmHost>> {
  if (args.state !== 'absent') return states
  const uuids = new Map(wantedVms(args).map(({ name, uuid }) => [name, uuid]))
  const doomed = new Map<string, Set<string>>()
  const places: Place[] = []
  for (const [host, { journal }] of states.answered) {
    for (const { name, uuid, files } of journal) {
      if (uuids.get(name) !== uuid) continue
      doomed.set(name, new Set([...(doomed.get(name) ?? []), ...files]))
      places.push(...files.map((file) => ({ host, file })))
    }
  }
  if (places.length === 0) return states
  const all = await Promise.all(
    [...states.answered].map(async ([name, state]) => {
      const reader = hosts.get(name)
      const files = [...new Set(places.filter((place) => sees(name, state, place, states, args)).map((p) => p.file))]
      return reader && files.length > 0 ? await usersOn(reader, files) : new Map<string, ImageUsers>()
    }),
  )
  const needed = neededAmong(
    [...doomed].map(([name, files]): Doomed => ({ name, files: [...files] })),
    merged(all),
  )
  return { ...states, answered: new Map([...states.answered].map(([name, state]) => [name, { ...state, needed }])) }
}

/** Whether a host has a file of another one's: of folders that are not the task's that is not known. */
function sees(
  name: HostName,
  state: VmHost,
  { host, file }: Place,
  { answered }: FleetStates<VmHost>,
  args: VmsArgs,
): boolean {
  if (name === host) return true
  if (state.domains.kind === 'missing') return false
  return !file.startsWith(`${args.path.replace(/\/+$/, '')}/`) || state.storage === answered.get(host)?.storage
}

async function usersOn(host: Reader, files: readonly string[]): Promise<Map<string, ImageUsers>> {
  try {
    return await usersOfImages(host, files)
  } catch (error) {
    if (!(error instanceof ModuleFailure)) throw error
    const { hint } = error
    throw new ModuleFailure(`${host.name}: ${error.message}`, { ...(hint !== undefined && { hint }), cause: error })
  }
}

/** By file, what all hosts say. */
function merged(all: readonly ReadonlyMap<string, ImageUsers>[]): Map<string, ImageUsers> {
  const users = new Map<string, ImageUsers>()
  for (const [file, more] of all.flatMap((one) => [...one])) {
    const { domains, overlays, unknown } = users.get(file) ?? { domains: [], overlays: [], unknown: [] }
    users.set(file, {
      domains: [...domains, ...more.domains],
      overlays: [...overlays, ...more.overlays],
      unknown: [...unknown, ...more.unknown],
    })
  }
  return users
}
