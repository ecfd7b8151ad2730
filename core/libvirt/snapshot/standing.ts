import { dirname } from 'node:path'
import type { ShellText } from '../../connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../connection/types.ts'
import { type DefinedDomain, definedDomains, filesOf, mayHoldImages, poolFolders } from '../images/places.ts'
import { type Look, NO_QEMU_IMG, type SeenFile, scanChains, unreadable } from '../images/scan.ts'
import { foldersAround, scanAround } from '../images/users.ts'
import type { LibvirtReader } from '../types.ts'
import { readDomain } from '../xml/domain.ts'
import { descendantsOf } from './children.ts'
import type { DoomedSnapshot } from './host.ts'
import { SnapshotKept } from './kept.ts'
import type { Snapshot, SnapshotDisk } from './read.ts'
import { whoStandsThere } from './refusal.ts'
import { Chains, type OwnDisk, touchedBy } from './touched.ts'

/** Where it is asked who stands on images; nothing is changed there. */
export interface AskedHost {
  readonly libvirt: LibvirtReader
  read(script: ShellText, options?: CommandOptions): Promise<CommandResult>
}

/**
 * Before a snapshot is deleted, by libvirt or by us: nobody else may stand on an image that is written to or removed meanwhile. Raises
 * SnapshotKept where somebody does, or where that cannot be told; and LibvirtError. `children`: those made since go, too.
 *
 * An internal one is not asked about: it goes from its own image, whose active clusters stay where they are and as they are; these are
 * all that an image on top sees. While a guest runs on that, QEMU's lock keeps the image from being opened to be changed.
 */
export async function demandNobodyElse(
  host: AskedHost,
  { domain, uuid, snapshot }: DoomedSnapshot,
  { children }: { children: boolean },
): Promise<void> {
  const { libvirt } = host
  const going = children ? [snapshot, ...(await descendantsOf(libvirt, uuid, snapshot.name))] : [snapshot]
  const disks = externalDisks(going)
  if (disks.length === 0) return
  const [all, pools] = await Promise.all([definedDomains(libvirt), poolFolders(libvirt)])
  const mine = all.find((one) => one.summary.uuid === uuid)
  if (!mine) throw new SnapshotKept(`there is no domain '${domain}' any more`)
  const own = ownDisks(mine)
  const others = all.filter((one) => one !== mine)
  const { seen, closed } = await look(host, own, disks, others, pools)
  const why = whoStandsThere({ domain, disks, own, others, seen, closed })
  if (why) throw why
}

const externalDisks = (snapshots: readonly Snapshot[]): SnapshotDisk[] =>
  snapshots.flatMap((one) => one.disks.filter((disk) => disk.external))

/** Those with something in them, as it runs and as it will. */
const ownDisks = ({ definitions }: DefinedDomain): OwnDisk[] =>
  definitions.flatMap((xml) =>
    readDomain(xml).disks.flatMap(({ target, source }) => (source === undefined ? [] : [{ target, source }])),
  )

/** All images that may be concerned, and folders that may hide some. */
async function look(
  host: AskedHost,
  own: readonly OwnDisk[],
  disks: readonly SnapshotDisk[],
  others: readonly DefinedDomain[],
  pools: readonly string[],
): Promise<{ seen: SeenFile[]; closed: string[] }> {
  const paths = [
    ...own.map((one) => one.source),
    ...disks.flatMap(({ overlay, base }) => [overlay ?? '', base?.source ?? '']),
  ].filter((path) => path.startsWith('/'))
  const folders = foldersAround(paths, pools)
  const [seen, closed] = await Promise.all([
    scanAround(lookOn(host), paths, others.map(filesOf), folders),
    unreadable(lookOn(host), folders),
  ])
  if (!seen)
    throw new SnapshotKept('who stands on its images is not known without qemu-img', {
      hint: 'libvirt_host installs it; the package is qemu-utils or qemu-img',
    })
  // What an overlay is really on top of may be elsewhere than the snapshot says.
  const chains = new Chains(seen)
  const more = [
    ...new Set(disks.flatMap((disk) => touchedBy(disk, own, chains)).map((one) => dirname(one.path))),
  ].filter((folder) => folder.startsWith('/') && mayHoldImages(folder) && !folders.includes(folder))
  if (more.length === 0) return { seen, closed }
  const [beside, hidden] = await Promise.all([scanChains(lookOn(host), [], more), unreadable(lookOn(host), more)])
  return { seen: [...seen, ...(beside ?? [])], closed: [...closed, ...hidden] }
}

/** What was seen only in part is not seen. */
const lookOn =
  (host: AskedHost): Look =>
  async (script, options) => {
    const answer = await host.read(script, options)
    if (answer.status === 0 || answer.status === NO_QEMU_IMG) return answer
    throw new SnapshotKept(
      `who stands on its images is not known: ${answer.stderr.toString().trim().slice(0, 300) || `status ${answer.status}`}`,
    )
  }
