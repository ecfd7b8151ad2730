import { sh } from '../../../../core/connection/quote.ts'
import { poolFolders } from '../../../../core/libvirt/images/places.ts'
import type { ImageUsers } from '../../../../core/libvirt/images/users.ts'
import { LibvirtError, type LibvirtReader } from '../../../../core/libvirt/types.ts'
import { child, type Element, parseXml } from '../../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../../core/module/types.ts'
import { type Answer, ask } from '../../daemon/ask.ts'
import { lookAt } from '../../image/probe.ts'
import { usersOfImages } from '../../image/users.ts'
import { newFormat, type VolumeArgs, wantedCapacity } from './args.ts'
import { claimOf } from './claim.ts'
import { type DomainDisks, disksOfDomains } from './domains.ts'
import { type Download, lookAtDownload } from './download.ts'
import { kindOf, readVolume, type Volume, type VolumePool } from './read.ts'
import { lookAtSource, type Source } from './source.ts'
import { type Upload, uploadOf } from './upload.ts'

export interface VolumeHost {
  readonly pool: VolumePool | undefined
  readonly volume: Volume | undefined
  /** An attempt that was cut has left the volume half filled. */
  readonly torn: boolean
  /** Undefined: what `from` or `backing` names is not there. */
  readonly source: Source | undefined
  readonly upload: Upload | undefined
  readonly download: Download | undefined
  /** Who needs it; read only where it would be removed, replaced or shrunk. */
  readonly users: ImageUsers | undefined
}

export interface VolumeState {
  readonly check: boolean
  readonly answer: Answer<VolumeHost>
}

interface Known {
  readonly pool: VolumePool | undefined
  readonly xml: Element | undefined
  readonly domains: readonly DomainDisks[]
  readonly folders: readonly string[]
  readonly from: string | undefined
}

/** Two round trips for a volume that is as it is to be; more where its content is made, compared or needed by others. */
export async function probeVolume(host: Reader, a: VolumeArgs): Promise<VolumeState> {
  const [answer, claimed] = await Promise.all([
    ask(host, (libvirt) => readKnown(libvirt, a)),
    host.read(sh`[ -e ${claimOf(a.pool, a.name)} ]`),
  ])
  if (answer.kind !== 'answer') return { check: host.check, answer }
  const known = answer.value
  const found = known.xml && readVolume(known.xml, known.domains)
  const torn = found !== undefined && claimed.status === 0 && known.pool?.kind === 'blocks'
  const fresh = a.state === 'present' && (!found || torn)
  const upload = a.src !== undefined && (fresh || (a.force && found)) ? await uploadOf(host, a, a.src) : undefined
  const compared = a.force && found && !torn && upload?.format === newFormat(a, known.pool?.kind === 'blocks')
  const digest = compared ? (await lookAt(host, { path: found.path, verify: 'changed' }, 'sha256'))?.digest : undefined
  const volume = found && { ...found, digest }
  const differs = compared === true && digest !== upload?.sha256
  const shrinks = a.allow_shrink && volume && (wantedCapacity(a) ?? volume.capacity) < volume.capacity
  const value: VolumeHost = {
    pool: known.pool,
    volume,
    torn,
    source: fresh ? await sourceOfNew(host, known, a) : undefined,
    upload,
    download: a.dest !== undefined && volume && !torn ? await lookAtDownload(host, volume.path, a.dest) : undefined,
    users:
      volume && (a.state === 'absent' || differs || shrinks)
        ? await usersOf(host, volume.path, known.domains)
        : undefined,
  }
  return { check: host.check, answer: { kind: 'answer', value } }
}

/** What it is to be made from, or to be on top of. */
async function sourceOfNew(host: Reader, known: Known, a: VolumeArgs): Promise<Source | undefined> {
  const { domains, folders } = known
  if (a.backing !== undefined) {
    const harm = 'what is on top of it would be damaged'
    return lookAtSource(host, { path: a.backing, format: a.backing_format, harm, domains, folders })
  }
  if (known.from === undefined) return undefined
  return lookAtSource(host, { path: known.from, format: a.from_format, domains, folders })
}

/** Of a volume that is nowhere on the host only the machines can tell. */
async function usersOf(host: Reader, path: string, domains: readonly DomainDisks[]): Promise<ImageUsers | undefined> {
  const named = domains.filter((one) => one.disks.some((disk) => disk.source === path)).map((one) => one.name)
  if (!path.startsWith('/')) return { domains: named, overlays: [], unknown: [], closed: [] }
  return (await usersOfImages(host, [path])).get(path)
}

async function readKnown(libvirt: LibvirtReader, a: VolumeArgs): Promise<Known> {
  const fromVolume = a.from !== undefined && !a.from.startsWith('/')
  const [pools, poolText, text, domains, folders, fromText] = await Promise.all([
    libvirt.pools(),
    libvirt.poolXml(a.pool).catch(notRunning),
    libvirt.volumeXml(a.pool, a.name).catch(notRunning),
    disksOfDomains(libvirt),
    a.from === undefined && a.backing === undefined ? [] : poolFolders(libvirt),
    fromVolume ? libvirt.volumeXml(a.from_pool ?? a.pool, a.from ?? '').catch(notRunning) : undefined,
  ])
  const summary = pools.find((one) => one.name === a.pool)
  const from = fromVolume && fromText !== undefined ? child(parseXml(fromText), 'target', 'path')?.text : undefined
  return {
    pool: summary && { active: summary.active, ...kindOf(poolText) },
    xml: text === undefined ? undefined : parseXml(text),
    domains,
    folders,
    from: fromVolume ? from : a.from,
  }
}

/** A pool that does not run says nothing of its volumes. */
function notRunning(error: unknown): undefined {
  if (error instanceof LibvirtError) return undefined
  throw error
}
