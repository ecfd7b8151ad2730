import { type DefinedDomain, filesOf } from '../images/places.ts'
import type { SeenFile } from '../images/scan.ts'
import { usersAmong } from '../images/users.ts'
import { SnapshotKept } from './kept.ts'
import { mentions } from './layers.ts'
import type { SnapshotDisk } from './read.ts'
import { Chains, type OwnDisk, type Touched, touchedBy } from './touched.ts'

/** What speaks for or against the deletion of snapshots with these disks. */
export interface StandingFacts {
  readonly domain: string
  readonly disks: readonly SnapshotDisk[]
  /** Of the domain. */
  readonly own: readonly OwnDisk[]
  readonly others: readonly DefinedDomain[]
  readonly seen: readonly SeenFile[]
  /** Folders that could not be looked into. */
  readonly closed: readonly string[]
}

const FLATTEN =
  "give each its own data first: qemu-img rebase -f qcow2 -b '' IMAGE where no guest runs on it, virsh blockpull DOMAIN TARGET --wait where one does; an image that nobody needs can go"
const DETACH = 'take the disk from that domain first, or give it a copy (libvirt_volume with from)'
const DOUBT =
  'look as root (become); whoever knows that nobody stands on the image can move that file away, or delete the snapshot by virsh snapshot-delete'

/** Why the snapshots stay; undefined where nobody else stands on an image that is written to or removed. Pure. */
export function whoStandsThere(facts: StandingFacts): SnapshotKept | undefined {
  const chains = new Chains(facts.seen)
  const touched = facts.disks.flatMap((disk) => touchedBy(disk, facts.own, chains))
  for (const judge of [standing, attached, doubtful])
    for (const one of touched) {
      const why = judge(one, facts, chains)
      if (why)
        return new SnapshotKept(`nothing is merged: ${one.path} would be ${one.how}, and ${why[0]}`, { hint: why[1] })
    }
  return undefined
}

type Judge = (touched: Touched, facts: StandingFacts, chains: Chains) => [string, string] | undefined

/** Images on top, with the domains that are on these. */
const standing: Judge = ({ path, own }, facts, chains) => {
  const overlays = usersAmong([path], facts.seen, []).get(path)?.overlays ?? []
  const foreign = overlays.filter((one) => !own.has(chains.id(one)))
  if (foreign.length === 0) return undefined
  const on = (files: readonly string[], image: string): boolean =>
    files.some((file) => chains.below(chains.id(file)).has(chains.id(image)))
  const mine = facts.own.map((one) => one.source)
  const named = foreign.map((image) => {
    const names = facts.others.filter((one) => on(filesOf(one).files, image)).map((one) => one.summary.name)
    // Another disk of the domain itself may be a clone of this one.
    if (on(mine, image)) names.push(facts.domain)
    return names.length === 0 ? image : `${image} (of ${some(names.map((name) => `'${name}'`))})`
  })
  return [`it is the base of ${some(named)}`, FLATTEN]
}

/** Domains that have it as a disk. */
const attached: Judge = ({ target, path }, { domain, others, own, seen }, chains) => {
  const users = usersAmong([path], seen, others.map(filesOf)).get(path)?.domains
  // Of what is on no file of the host (rbd, iSCSI …) only definitions tell who has it.
  const names =
    users ?? others.filter((one) => one.definitions.some((xml) => mentions(xml, path))).map((one) => one.summary.name)
  const twice = own.find((one) => one.target !== target && chains.id(one.source) === chains.id(path))
  const all = [...names.map((name) => `'${name}'`), ...(twice ? [`'${domain}' as ${twice.target}, too`] : [])]
  return all.length === 0 ? undefined : [`it is a disk of ${some(all)}`, DETACH]
}

/**
 * What cannot be judged may stand on it: a file beside it or in a pool that qemu-img cannot read, a folder that nobody may look into.
 * Devices and network images that no definition and no pool names count as free: hardly anybody makes clones there, and every host
 * has some. An overlay of ours on a network image (rbd) is in no doubt, though its base is no path.
 */
const doubtful: Judge = ({ target, path, own }, facts, chains) => {
  const overlays = facts.disks.map((disk) => ({ ...disk, id: chains.id(disk.overlay ?? '') }))
  const unclear = usersAmong([path], facts.seen, facts.others.map(filesOf)).get(path)?.unknown ?? []
  const unknown = unclear.filter((one) => !own.has(chains.id(one)) && !overlays.some(({ id }) => id === chains.id(one)))
  const mine = overlays.find(
    (one) => one.target === target && one.base?.type !== 'network' && one.overlay !== undefined,
  )
  if (mine && facts.seen.some((file) => chains.id(file.path) === mine.id && file.bases === undefined))
    unknown.push(chains.path(mine.id))
  if (unknown.length > 0) return [`qemu-img cannot tell what ${some(unknown)} is on top of`, DOUBT]
  return facts.closed.length > 0 ? [`${some(facts.closed)} cannot be looked into`, DOUBT] : undefined
}

const some = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
