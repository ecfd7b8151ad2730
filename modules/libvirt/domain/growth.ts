import { sh } from '../../../core/connection/quote.ts'
import { LibvirtError, type LibvirtReader } from '../../../core/libvirt/types.ts'
import { child, parseXml } from '../../../core/libvirt/xml/element.ts'
import { type Change, type Host, ModuleFailure } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { DomainArgs } from './args.ts'
import { findDevice } from './devices.ts'
import type { HostDomains } from './probe.ts'
import { size } from './short.ts'

/** Targets whose size the task says, and the size in bytes. */
export function wantedSizes(args: DomainArgs): [string, bigint][] {
  return args.disks.flatMap((d): [string, bigint][] =>
    d.size === undefined || d.state === 'absent' ? [] : [[d.target, BigInt(size(`size of disk ${d.target}`, d.size))]],
  )
}

/** Virtual sizes in bytes, of the disks that the task wants to have a size. */
export async function readSizes(
  libvirt: LibvirtReader,
  uuid: string,
  args: DomainArgs,
): Promise<ReadonlyMap<string, bigint>> {
  const sizes = await Promise.all(
    wantedSizes(args).map(async ([target]): Promise<[string, bigint | undefined]> => {
      try {
        const text = await libvirt.query(['domblkinfo', `--domain=${uuid}`, `--device=${target}`])
        const match = /^Capacity:\s*(\d+)/m.exec(text)
        return [target, match?.[1] === undefined ? undefined : BigInt(match[1])]
      } catch (error) {
        // The disk is not there yet.
        if (error instanceof LibvirtError) return [target, undefined]
        throw error
      }
    }),
  )
  return new Map(sizes.filter((entry): entry is [string, bigint] => entry[1] !== undefined))
}

/** Disks that are smaller than the task says. Raises ModuleFailure for larger ones. */
export function growthChanges(host: HostDomains, args: DomainArgs): Change[] {
  return wantedSizes(args).flatMap(([target, wanted]): Change[] => {
    const is = host.sizes.get(target)
    if (is === undefined || is === wanted) return []
    if (is > wanted)
      throw new ModuleFailure(`disk ${target} has ${is} bytes, the task says ${wanted}: a disk is never shrunk`)
    return [{ path: `devices.disk[${target}].size`, before: String(is), after: String(wanted), effect: 'now' }]
  })
}

/** Grows those of a domain (its UUID or name) that are smaller than the task says: by the running guest's QEMU, or their images. */
export async function growDisks(host: Host, uuid: string, args: DomainArgs): Promise<void> {
  if (wantedSizes(args).length === 0) return
  const sizes = await readSizes(host.libvirt, uuid, args)
  const text = await host.libvirt.domainXml(uuid, { inactive: true })
  for (const [target, wanted] of wantedSizes(args)) {
    const is = sizes.get(target)
    if (is === undefined || is >= wanted) continue
    const state = await host.libvirt.domainState(uuid)
    if (state !== undefined && state.state !== 'shut off' && state.state !== 'crashed')
      await attempt(`grow disk ${target}`, () => host.libvirt.resizeBlock(uuid, target, Number(wanted)))
    else await growImage(host, target, text === undefined ? undefined : imageOf(text, target), wanted)
  }
}

interface Image {
  readonly file: string
  readonly format: string
}

function imageOf(text: string, target: string): Image | undefined {
  const disk = findDevice(parseXml(text), 'disk', target)
  const file = child(disk, 'source')?.attributes.file
  return file === undefined ? undefined : { file, format: child(disk, 'driver')?.attributes.type ?? 'raw' }
}

async function growImage(host: Host, target: string, image: Image | undefined, wanted: bigint): Promise<void> {
  if (!image) throw new ModuleFailure(`disk ${target} is no image file: grow what it is on, such as the logical volume`)
  const done = await host.run(sh`qemu-img resize -q -f ${image.format} ${image.file} ${String(wanted)}`)
  if (done.status !== 0) throw new ModuleFailure(`disk ${target} was not grown: ${done.stderr.toString().trim()}`)
}
