import { setTimeout as delay } from 'node:timers/promises'
import { sh } from '../../../core/connection/quote.ts'
import { basesIn } from '../../../core/libvirt/images/bases.ts'
import { LibvirtError } from '../../../core/libvirt/types.ts'
import { child, type Element, formatXml, parseXml } from '../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure } from '../../../core/module/types.ts'
import { attempt, refused } from '../daemon/failure.ts'
import type { SnapshotArgs } from './args.ts'
import type { FoundDomain } from './probe.ts'

const PAUSE_MS = 500

interface Layer {
  readonly target: string
  readonly overlay: string
  readonly base: string
  readonly format: string
}

/**
 * Merges what was written since an external snapshot back into the base: blockcommit while the guest runs, else qemu-img commit and
 * the old definition of the disk. Only where the snapshot is the latest, and each disk is what it says. `why`: libvirt's own
 * refusal, for the message.
 */
export async function mergeBack(host: Host, a: SnapshotArgs, found: FoundDomain, why: LibvirtError): Promise<void> {
  if (found.children.length > 0)
    throw new ModuleFailure(
      `'${a.name}' of '${a.domain}' is not merged: ${found.children.join(', ')} is on top of it`,
      {
        hint: 'remove the latest first',
      },
    )
  const layers = layersOf(a, found, why)
  if (found.summary.state === 'running') {
    for (const layer of layers) await mergeOnline(host, a, found.summary.uuid, layer)
  } else if (found.summary.state === 'shut off') await mergeOffline(host, a, found, layers)
  else throw refused(`delete '${a.name}' of '${a.domain}', which is ${found.summary.state}`, why)
  await dropOverlays(host, a, layers)
}

/** Merges the image on top into the one below it, and lets the guest go on with that. */
async function mergeOnline(host: Host, a: SnapshotArgs, uuid: string, { target, overlay, base }: Layer): Promise<void> {
  const { libvirt } = host
  await attempt(`merge ${target} of '${a.domain}'`, async () => {
    await libvirt.commitBlock(uuid, target, { base, top: overlay, active: true })
    for (;;) {
      const job = await libvirt.blockJob(uuid, target)
      if (!job) throw new LibvirtError(`the merging of ${target} ended before it was done`)
      if (job.end > 0 && job.current === job.end) break
      host.progress(`merging ${target} of ${a.domain}`, job.end > 0 ? (100 * job.current) / job.end : 0)
      await delay(PAUSE_MS, undefined, { signal: host.signal })
    }
    await libvirt.abortBlockJob(uuid, target, { pivot: true })
  })
}

function layersOf(a: SnapshotArgs, { snapshot, model }: FoundDomain, why: LibvirtError): Layer[] {
  return (snapshot?.disks ?? []).flatMap(({ target, overlay, base }): Layer[] => {
    if (overlay === undefined) return []
    const now = model.disks.find((disk) => disk.target === target)?.source
    if (now === overlay && base?.source !== undefined)
      return [{ target, overlay, base: base.source, format: base.format ?? 'raw' }]
    throw refused(`delete '${a.name}' of '${a.domain}': ${target} is ${now ?? 'gone'}, not ${overlay}, and`, why)
  })
}

async function mergeOffline(host: Host, a: SnapshotArgs, found: FoundDomain, layers: readonly Layer[]): Promise<void> {
  const text = await host.libvirt.domainXml(a.domain, { inactive: true, secure: true })
  if (text === undefined) throw new ModuleFailure(`there is no domain '${a.domain}' any more`)
  for (const { overlay, base } of layers) {
    const info = await host.read(sh`qemu-img info -U --output=json -- ${overlay}`)
    if (info.status !== 0 || !basesIn(info.stdout.toString(), overlay)?.includes(base))
      throw new ModuleFailure(`${overlay} is not on top of ${base}, and is left as it is`)
  }
  for (const { overlay } of layers) {
    const done = await host.run(sh`qemu-img commit -q -f qcow2 -- ${overlay}`)
    if (done.status !== 0) throw new ModuleFailure(`merge ${overlay}: ${done.stderr.toString().trim()}`)
  }
  const definition = withSources(parseXml(text), layers)
  await attempt(`define '${found.summary.name}' with its old disks`, () =>
    host.libvirt.defineDomain(formatXml(definition)),
  )
}

/** The definition with the bases for the overlays. */
export function withSources(domain: Element, layers: readonly Layer[]): Element {
  const disk = (one: Element): Element => {
    const layer = layers.find(({ target }) => child(one, 'target')?.attributes.dev === target)
    if (one.name !== 'disk' || !layer) return one
    const children = one.children
      .filter(({ name }) => name !== 'backingStore')
      .map((part) => {
        if (part.name === 'driver') return { ...part, attributes: { ...part.attributes, type: layer.format } }
        if (part.name !== 'source') return part
        const key = part.attributes.dev === undefined || layer.base.startsWith('/dev/') === false ? 'file' : 'dev'
        return { ...part, attributes: { [key]: layer.base } }
      })
    return { ...one, children }
  }
  return {
    ...domain,
    children: domain.children.map((one) =>
      one.name === 'devices' ? { ...one, children: one.children.map(disk) } : one,
    ),
  }
}

/** The images that are merged, unless the domain still has one of them. */
async function dropOverlays(host: Host, a: SnapshotArgs, layers: readonly Layer[]): Promise<void> {
  const texts = await Promise.all([
    host.libvirt.domainXml(a.domain),
    host.libvirt.domainXml(a.domain, { inactive: true }),
  ])
  for (const { overlay } of layers)
    if (texts.some((text) => text?.includes(overlay)))
      throw new ModuleFailure(`'${a.domain}' still has ${overlay}, which was to be merged into its base`)
  await host.run(sh`rm -f -- ${layers.map((one) => one.overlay)}`)
}
