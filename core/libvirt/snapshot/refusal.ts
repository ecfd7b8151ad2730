import { type DefinedDomain, filesOf } from '../images/places.ts'
import type { SeenFile } from '../images/scan.ts'
import { usersAmong } from '../images/users.ts'
import type { Deed } from './deed.ts'
import { SnapshotKept } from './kept.ts'
import { mentions } from './layers.ts'
import { Chains, type OwnDisk, type Touched } from './touched.ts'

/** What speaks for or against a deed. */
export interface StandingFacts {
  readonly domain: string
  readonly deed: Deed
  /** Of the domain. */
  readonly own: readonly OwnDisk[]
  readonly others: readonly DefinedDomain[]
  readonly seen: readonly SeenFile[]
  /** Folders that could not be looked into. */
  readonly closed: readonly string[]
}

const FLATTEN =
  "give each its own data first: qemu-img rebase -f qcow2 -b '' IMAGE where no guest runs on it or writes to its base, virsh blockpull DOMAIN TARGET --wait where one does; an image that nobody needs can go"
const DETACH = 'take the disk from that domain first, or give it a copy (libvirt_volume with from)'
const DELETE =
  'delete that snapshot first (libvirt_snapshot with state: absent, or virtfleet vm snapshot delete), if nobody is to go back to it'
const doubt = ({ byHand }: Deed): string =>
  `look as root (become); whoever knows that nobody stands on the image can move that file away, or ${byHand}`

/** Why it is not done; undefined where nobody else stands on an image that is written to or removed. Pure. */
export function whoStandsThere(facts: StandingFacts): SnapshotKept | undefined {
  const chains = new Chains(facts.seen)
  const touched = facts.deed.touched(facts.own, chains)
  for (const judge of [recorded, standing, attached, doubtful])
    for (const one of touched) {
      const why = judge(one, facts, chains)
      if (why)
        return new SnapshotKept(`${facts.deed.refused}: ${one.path} would be ${one.how}, and ${why[0]}`, {
          hint: why[1],
        })
    }
  return undefined
}

type Judge = (touched: Touched, facts: StandingFacts, chains: Chains) => [string, string] | undefined

/**
 * Snapshots of the domain itself that would go back to something else, or to nothing: on top of what is written to, or on what is removed.
 * Libvirt does not look after these. An internal one is not harmed by what is written to its own image.
 */
const recorded: Judge = ({ path, how }, { deed }, chains) => {
  const id = chains.id(path)
  const isLost = (image: string, external: boolean): boolean =>
    chains.below(chains.id(image)).has(id) && (how === 'removed' || external || chains.id(image) !== id)
  const lost = deed.staying.filter(({ disks }) =>
    disks.some(({ images, external }) => images.some((image) => isLost(image, external))),
  )
  if (lost.length === 0) return undefined
  return [`snapshot ${some(lost.map(({ name }) => `'${name}'`))} needs it as it is`, DELETE]
}

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
 * has some.
 */
const doubtful: Judge = ({ path, own, via }, facts, chains) => {
  const overlays = new Set(facts.deed.overlays.map((overlay) => chains.id(overlay)))
  const unclear = usersAmong([path], facts.seen, facts.others.map(filesOf)).get(path)?.unknown ?? []
  const unknown = unclear.filter((one) => !own.has(chains.id(one)) && !overlays.has(chains.id(one)))
  const mine = via === undefined ? undefined : chains.id(via)
  if (mine !== undefined && facts.seen.some((file) => chains.id(file.path) === mine && file.bases === undefined))
    unknown.push(chains.path(mine))
  if (unknown.length > 0) return [`qemu-img cannot tell what ${some(unknown)} is on top of`, doubt(facts.deed)]
  return facts.closed.length > 0 ? [`${some(facts.closed)} cannot be looked into`, doubt(facts.deed)] : undefined
}

const some = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`
