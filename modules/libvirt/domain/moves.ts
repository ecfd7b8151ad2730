import { dirname } from 'node:path'
import { sh } from '../../../core/connection/quote.ts'
import type { ImageUsers } from '../../../core/libvirt/images/users.ts'
import { refreshPoolsOf } from '../../../core/libvirt/pools/refresh.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { type Change, type Host, ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { whoNeeds } from '../image/diff.ts'
import { usersOfImages } from '../image/users.ts'
import type { DomainArgs } from './args.ts'
import type { FoundDomain, HostDomains } from './probe.ts'

/** An image that may still have its old name. */
export interface Move {
  readonly target: string
  readonly from: string
  readonly to: string
  readonly fromThere: boolean
  readonly toThere: boolean
  /** A name is given within a file system; from one to another, all would be copied. */
  readonly sameFileSystem: boolean
  /** Who needs the image besides the domain; read only where it is to be moved. */
  readonly users: ImageUsers | undefined
}

const wanted = (args: DomainArgs): { target: string; from: string; to: string }[] =>
  args.disks.flatMap(({ target, state, source, rename_from: from }) =>
    state === 'absent' || from === undefined || source === undefined ? [] : [{ target, from, to: source }],
  )

/** What is at both names. One round trip, more where something is to be moved. */
export async function readMoves(host: Reader, args: DomainArgs, domain: string | undefined): Promise<Move[]> {
  const all = wanted(args)
  if (all.length === 0 || domain === undefined) return []
  const words = all.flatMap(({ from, to }) => [from, to, dirname(to)])
  const answer = await host.read(sh`there() { if [ -e "$1" ] || [ -L "$1" ]; then echo y; else echo n; fi; }
set -- ${words}
while [ $# -gt 0 ]; do
  there "$1"; there "$2"
  if [ "$(stat -c %d -- "$1" 2>/dev/null)" = "$(stat -c %d -- "$3" 2>/dev/null)" ] && [ -f "$1" ] && [ ! -L "$1" ]; then echo y; else echo n; fi
  shift 3
done`)
  const letters = answer.stdout.toString().split('\n')
  const yes = (i: number): boolean => letters[i] === 'y'
  const moves = all.map((one, i) => ({
    ...one,
    fromThere: yes(3 * i),
    toThere: yes(3 * i + 1),
    sameFileSystem: yes(3 * i + 2),
  }))
  const due = moves.filter((one) => one.fromThere && !one.toThere).map((one) => one.from)
  const users = due.length > 0 ? await usersOfImages(host, due) : new Map<string, ImageUsers>()
  return moves.map((one) => {
    const found = users.get(one.from)
    return { ...one, users: found && { ...found, domains: found.domains.filter((name) => name !== domain) } }
  })
}

const isDue = ({ fromThere, toThere }: Move): boolean => fromThere && !toThere

/** Images that get their new name. Raises ModuleFailure where that would be wrong. */
export function moveChanges(host: HostDomains, found: FoundDomain, args: DomainArgs): Change[] {
  return host.moves.flatMap((move): Change[] => {
    const { target, from, to } = move
    if (move.fromThere && move.toThere) throw new ModuleFailure(`there are both ${from} and ${to}: neither is renamed`)
    if (!isDue(move)) return []
    refuseMove(found, args, move)
    return [
      { path: `devices.disk[${target}].file`, before: from, after: to, effect: 'now', note: 'renamed on the host' },
    ]
  })
}

function refuseMove(found: FoundDomain, args: DomainArgs, move: Move): void {
  const { target, from, users, sameFileSystem } = move
  const { summary, config, live, snapshots } = found
  const refuse = (why: string, hint?: string): never => {
    throw new ModuleFailure(`${from} is not renamed: ${why}`, hint === undefined ? {} : { hint })
  }
  const xml = config ?? live
  const now = xml && readDomain(xml).disks.find((disk) => disk.target === target)?.source
  if (now !== from && now !== move.to) refuse(`${target} of '${summary.name}' is ${now ?? 'not there'}`)
  const off = summary.state === 'shut off' || summary.state === 'crashed' || args.state === 'stopped'
  if (!off) refuse(`'${summary.name}' is ${summary.state}`, 'state: stopped')
  if (summary.managedSave) refuse(`'${summary.name}' is saved, and its memory names it`, 'start it and shut it down')
  if (snapshots > 0) refuse(`'${summary.name}' has snapshots, which name it`, 'delete them first (libvirt_snapshot)')
  if (!sameFileSystem)
    refuse('it is no file, or its new name is in another file system', 'libvirt_volume with from makes a copy there')
  const why = whoNeeds(users)
  if (why !== undefined) refuse(why)
}

/** Gives the images their new names; the answer takes that back. */
export async function moveFiles(host: Host, { moves }: HostDomains): Promise<() => Promise<void>> {
  const done: Move[] = []
  const back = async (): Promise<void> => {
    for (const { from, to } of done.reverse()) await host.run(sh`[ -e ${from} ] || mv -n -- ${to} ${from}`)
  }
  for (const move of moves.filter(isDue)) {
    const { from, to } = move
    const answer = await host.run(sh`[ ! -e ${to} ] && mv -n -- ${from} ${to} && [ ! -e ${from} ]`)
    if (answer.status === 0) done.push(move)
    else {
      await back()
      throw new ModuleFailure(`${from} is not renamed: ${answer.stderr.toString().trim() || `${to} is there by now`}`)
    }
  }
  if (done.length > 0) {
    const files = done.flatMap(({ from, to }) => [from, to])
    await refreshPoolsOf(host.libvirt, files, host.signal)
  }
  return back
}

/** Names of files that are only there once they are moved. */
export const movedTo = ({ moves }: HostDomains): ReadonlySet<string> =>
  new Set(moves.filter(isDue).map((move) => move.to))
