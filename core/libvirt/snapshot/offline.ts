import { sh } from '../../connection/quote.ts'
import { basesIn } from '../images/bases.ts'
import { formatXml, parseXml } from '../xml/element.ts'
import type { ChosenSnapshot, SnapshotHost } from './host.ts'
import { SnapshotKept, step } from './kept.ts'
import { type Layer, withBases } from './layers.ts'

/** Merges the images on top into those below them, and gives the domain, which is off, its old disks. */
export async function mergeOffline(
  host: SnapshotHost,
  { domain, uuid }: ChosenSnapshot,
  layers: readonly Layer[],
): Promise<void> {
  const text = await host.libvirt.domainXml(uuid, { inactive: true, secure: true })
  if (text === undefined) throw new SnapshotKept(`there is no domain '${domain}' any more`)
  for (const { overlay, base } of layers) {
    const info = await host.read(sh`qemu-img info -U --output=json -- ${overlay}`)
    if (info.status !== 0) throw new SnapshotKept(`look at ${overlay}: ${info.stderr.toString().trim()}`)
    if (!basesIn(info.stdout.toString(), overlay)?.includes(base))
      throw new SnapshotKept(`${overlay} is not on top of ${base}, and is left as it is`)
  }
  for (const { target, overlay } of layers) {
    host.progress(`merging ${target} of ${domain}`)
    const done = await host.run(sh`qemu-img commit -q -f qcow2 -- ${overlay}`)
    if (done.status !== 0) throw new SnapshotKept(`merge ${overlay}: ${done.stderr.toString().trim()}`)
  }
  const definition = withBases(parseXml(text), layers)
  await step(`define '${domain}' with its old disks`, () => host.libvirt.defineDomain(formatXml(definition)))
}
