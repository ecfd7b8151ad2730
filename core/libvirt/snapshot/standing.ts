import { dirname } from 'node:path'
import type { ShellText } from '../../connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../connection/types.ts'
import { type DefinedDomain, definedDomains, filesOf, mayHoldImages, poolFolders } from '../images/places.ts'
import { type Look, NO_QEMU_IMG, type SeenFile, scanChains, unreadable } from '../images/scan.ts'
import { foldersAround, scanAround } from '../images/users.ts'
import { withVolumeFiles } from '../images/volume-files.ts'
import type { LibvirtReader } from '../types.ts'
import { readDomain } from '../xml/domain.ts'
import { parseXml } from '../xml/element.ts'
import { descendantsOf } from './children.ts'
import { type Deed, deletionOf } from './deed.ts'
import type { ChosenSnapshot } from './host.ts'
import { SnapshotKept } from './kept.ts'
import { readSnapshotXml, type Snapshot } from './read.ts'
import { whoStandsThere } from './refusal.ts'
import { reversionTo } from './reversion.ts'
import { Chains, type OwnDisk } from './touched.ts'

/** Where it is asked who stands on images; nothing is changed there. */
export interface AskedHost {
  readonly libvirt: LibvirtReader
  read(script: ShellText, options?: CommandOptions): Promise<CommandResult>
}

/**
 * Before a snapshot is deleted, by libvirt or by us: nobody else may stand on an image that is written to or removed meanwhile. Raises
 * SnapshotKept where somebody does, or where that cannot be told; and LibvirtError. `children`: those made since go, too.
 */
export async function demandDeletable(
  host: AskedHost,
  chosen: ChosenSnapshot,
  { children }: { children: boolean },
): Promise<void> {
  const { uuid, snapshot } = chosen
  const since = children ? await descendantsOf(host.libvirt, uuid, snapshot.name) : []
  await demandNobodyElse(host, chosen, deletionOf([snapshot, ...since]))
}

/** The same before a domain goes back to a snapshot; its other snapshots count, too. */
export async function demandRevertible(host: AskedHost, chosen: ChosenSnapshot): Promise<void> {
  const { libvirt } = host
  const { domain, uuid } = chosen
  const [names, current] = await Promise.all([libvirt.snapshots(uuid), libvirt.currentSnapshot(uuid)])
  const texts = await Promise.all(names.map((name) => libvirt.snapshotXml(uuid, name)))
  const all = await Promise.all(texts.flatMap((text) => (text === undefined ? [] : [resolved(libvirt, text)])))
  const snapshot = all.find(({ name }) => name === chosen.snapshot.name)
  if (!snapshot) throw new SnapshotKept(`'${domain}' has no snapshot '${chosen.snapshot.name}' any more`)
  const now = all.find(({ name }) => name === current)
  await demandNobodyElse(host, chosen, reversionTo(snapshot, now, all))
}

/** A snapshot, with files and devices for the volumes that its disks were. */
async function resolved(libvirt: LibvirtReader, text: string): Promise<Snapshot> {
  const xml = parseXml(text)
  const children = xml.children.map((one) =>
    one.name === 'domain' || one.name === 'inactiveDomain' ? withVolumeFiles(libvirt, one) : one,
  )
  return readSnapshotXml({ ...xml, children: await Promise.all(children) })
}

async function demandNobodyElse(host: AskedHost, { domain, uuid }: ChosenSnapshot, deed: Deed): Promise<void> {
  const { libvirt } = host
  if (deed.paths.length === 0) return
  const [all, pools] = await Promise.all([definedDomains(libvirt), poolFolders(libvirt)])
  const mine = all.find((one) => one.summary.uuid === uuid)
  if (!mine) throw new SnapshotKept(`there is no domain '${domain}' any more`)
  const own = ownDisks(mine)
  const others = all.filter((one) => one !== mine)
  const { seen, closed } = await look(host, own, deed, others, pools)
  const why = whoStandsThere({ domain, deed, own, others, seen, closed })
  if (why) throw why
}

/** Those with something in them, as it runs and as it will. */
const ownDisks = ({ definitions }: DefinedDomain): OwnDisk[] =>
  definitions.flatMap((xml) =>
    readDomain(xml).disks.flatMap(({ target, source }) => (source === undefined ? [] : [{ target, source }])),
  )

/** All images that may be concerned, and folders that may hide some. */
async function look(
  host: AskedHost,
  own: readonly OwnDisk[],
  deed: Deed,
  others: readonly DefinedDomain[],
  pools: readonly string[],
): Promise<{ seen: SeenFile[]; closed: string[] }> {
  const paths = [...own.map((one) => one.source), ...deed.paths].filter((path) => path.startsWith('/'))
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
  const more = [...new Set(deed.touched(own, chains).map((one) => dirname(one.path)))].filter(
    (folder) => folder.startsWith('/') && mayHoldImages(folder) && !folders.includes(folder),
  )
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
