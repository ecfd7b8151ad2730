import { sh } from '../../../../core/connection/quote.ts'
import { whenPoolIsFree } from '../../../../core/libvirt/pools/retry.ts'
import { escapeXml } from '../../../../core/libvirt/xml/element.ts'
import type { Change, Host } from '../../../../core/module/types.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { requireAnswer } from '../../daemon/ask.ts'
import { attempt } from '../../daemon/failure.ts'
import { requireFree } from '../../image/held.ts'
import { recordPath } from '../../image/record.ts'
import { newFormat, type VolumeArgs, wantedCapacity } from './args.ts'
import { claimOf } from './claim.ts'
import { downloadVolume } from './download.ts'
import { fillBlocks } from './fill-blocks.ts'
import { makeFile, replaceContent } from './make-file.ts'
import { probeVolume, type VolumeHost, type VolumeState } from './probe.ts'
import type { Volume } from './read.ts'
import { resizeVolume } from './resize.ts'
import { saidBy } from './transfer.ts'

/** Makes the volume what the task says. */
export async function applyVolume(
  host: Host,
  a: VolumeArgs,
  state: VolumeState,
  changes: readonly Change[],
): Promise<undefined> {
  const found = requireAnswer(state.answer)
  if (found.pool?.active !== true)
    throw new ModuleFailure(`there is no active pool '${a.pool}'`, { hint: 'make it with libvirt_pool' })
  const due = new Set(changes.map((one) => one.path))
  if (a.state === 'absent') {
    await remove(host, a, found.volume)
    return undefined
  }
  const { volume } = found
  if (due.has('state')) await make(host, a, found)
  else if (volume) {
    if (due.has('content')) await replaceContent(host, a, volume.path, found)
    if (due.has('capacity')) await resizeVolume(host, a, volume, found.pool)
  }
  if (a.dest !== undefined && (due.has('dest') || due.has('state'))) await download(host, a, found)
  return undefined
}

const on = (a: VolumeArgs): string[] => [`--pool=${a.pool}`, `--vol=${a.name}`]

/** A virsh command on the pool, once no other job is in it. */
const command = (host: Host, a: VolumeArgs, what: string, argv: readonly string[], xml?: string): Promise<string> =>
  attempt(`${what} volume '${a.name}'`, () =>
    whenPoolIsFree(host.signal, () => host.libvirt.command(argv, xml === undefined ? {} : { xml })),
  )

async function remove(host: Host, a: VolumeArgs, volume: Volume | undefined): Promise<void> {
  if (volume) await requireFree(host, [volume.path])
  await removePartition(host, a, () => command(host, a, 'delete', ['vol-delete', ...on(a)]))
  const traces = [claimOf(a.pool, a.name), ...(volume ? [recordPath(volume.path)] : [])]
  await host.run(sh`rm -f -- ${traces}`)
}

/** libvirt 9 takes the p of nvme0n1p1 for a part of the partition's number, of which parted knows nothing. */
async function removePartition(host: Host, a: VolumeArgs, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    const [, disk, number] = (error instanceof ModuleFailure && MISREAD.exec(error.message)) || []
    if (disk === undefined || number === undefined) throw error
    const done = await host.run(sh`parted --script ${disk} rm ${number}`)
    if (done.status !== 0) throw new ModuleFailure(`delete volume '${a.name}': ${saidBy(done)}`)
    await attempt(`refresh pool '${a.pool}'`, () => whenPoolIsFree(host.signal, () => host.libvirt.refreshPool(a.pool)))
  }
}

const MISREAD = /parted (\/\S*\d) rm --script p(\d+)\).*Partition doesn't exist/s

async function make(host: Host, a: VolumeArgs, found: VolumeHost): Promise<void> {
  const { pool, torn } = found
  if (torn) await remove(host, a, undefined)
  const content = a.from ?? a.src
  if (content === undefined) {
    const size = wantedCapacity(a) ?? found.source?.virtualSize
    if (size === undefined) throw new ModuleFailure(`there is no base image ${a.backing}`)
    await command(host, a, 'create', ['vol-create', `--pool=${a.pool}`, '--file'], volumeXml(a, found, size))
  } else if (pool?.kind === 'files') {
    await makeFile(host, a, found)
    await attempt(`refresh pool '${a.pool}'`, () => whenPoolIsFree(host.signal, () => host.libvirt.refreshPool(a.pool)))
  } else {
    await fillBlocks(host, a, found, {
      create: async (size) => {
        await command(host, a, 'create', ['vol-create', `--pool=${a.pool}`, '--file'], volumeXml(a, found, size))
      },
      remove: () => remove(host, a, undefined),
    })
  }
}

function volumeXml(a: VolumeArgs, { pool }: VolumeHost, size: bigint): string {
  const blocks = pool?.kind === 'blocks'
  const backing =
    a.backing === undefined
      ? ''
      : `<backingStore><path>${escapeXml(a.backing)}</path><format type='${a.backing_format}'/></backingStore>`
  // Without an allocation of 0 a raw file takes its whole size at once; a block device has it anyway.
  const allocation = blocks ? '' : `<allocation unit='bytes'>0</allocation>`
  const format = blocks ? '' : `<target><format type='${newFormat(a, blocks)}'/></target>`
  return `<volume><name>${escapeXml(a.name)}</name><capacity unit='bytes'>${size}</capacity>${allocation}${format}${backing}</volume>`
}

/** What was only just made or replaced is looked at anew. */
async function download(host: Host, a: VolumeArgs, found: VolumeHost): Promise<void> {
  const now = found.download && found.volume ? found : requireAnswer((await probeVolume(host, a)).answer)
  if (now.volume && now.download && a.dest !== undefined)
    await downloadVolume(host, now.volume.path, a.dest, now.download)
}
