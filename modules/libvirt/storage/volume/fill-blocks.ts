import { type ShellText, sh } from '../../../../core/connection/quote.ts'
import { child, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure } from '../../../../core/module/types.ts'
import { type VolumeArgs, wantedCapacity } from './args.ts'
import { claim, claimOf } from './claim.ts'
import type { VolumeHost } from './probe.ts'
import { bring, NO_TOOL, PATIENCE, refuseFailure, sourceOf } from './transfer.ts'

/** How the volume itself comes and goes. */
export interface BlockVolume {
  readonly create: (bytes: bigint) => Promise<void>
  readonly remove: () => Promise<void>
}

/**
 * Makes a volume that is a block device, and writes an image into it. It has its name before it has its content: a claim on the host
 * says so until it is filled, and the next run begins anew where this one was cut.
 */
export async function fillBlocks(host: Host, a: VolumeArgs, found: VolumeHost, volume: BlockVolume): Promise<void> {
  const { upload } = found
  const claimed = claimOf(a.pool, a.name)
  const arrived = `${claimed}.src`
  refuseFailure(await host.run(claim(claimed, a.pool, a.name)), a.name, claimed)
  try {
    if (upload) await bring(host, arrived, upload)
    const from = upload ? await sourceOf(host, arrived, upload.format) : found.source
    if (!from) throw new ModuleFailure(`there is no ${a.from} to copy`)
    await volume.create(wantedCapacity(a) ?? from.virtualSize)
    try {
      const path = await pathOf(host, a)
      host.progress(`making ${a.name} of ${a.from ?? a.src}`)
      refuseFailure(await host.run(fillScript(from.path, from.format, path), PATIENCE), a.name, path)
    } catch (error) {
      await volume.remove()
      throw error
    }
  } finally {
    await host.run(sh`rm -f -- ${arrived}`)
  }
  await host.run(sh`rm -f -- ${claimed}`)
}

/** Into what is there; the device keeps its size. */
export const fillScript = (from: string, format: string, path: string): ShellText =>
  sh`command -v qemu-img >/dev/null 2>&1 || exit ${NO_TOOL}
[ -b ${path} ] || { printf '%s\\n' ${`${path} is no block device`} >&2; exit 1; }
qemu-img convert -n -f ${format} -O raw -- ${from} ${path} && sync`

async function pathOf(host: Host, a: VolumeArgs): Promise<string> {
  const text = await host.libvirt.volumeXml(a.pool, a.name)
  const path = text === undefined ? undefined : child(parseXml(text), 'target', 'path')?.text
  if (path === undefined || !path.startsWith('/')) throw new ModuleFailure(`volume '${a.name}' has no path`)
  return path
}
