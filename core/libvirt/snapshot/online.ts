import { awaitByAsking } from '../await.ts'
import { LibvirtError } from '../errors.ts'
import { watchDomains } from '../watch.ts'
import { child, childrenOf, type Element, parseXml } from '../xml/element.ts'
import type { ChosenSnapshot, SnapshotHost } from './host.ts'
import { step } from './kept.ts'
import type { Layer } from './layers.ts'

/** Between two questions; where the daemon tells when it is ready, they are only for the screen. */
const POLL_MS = 500

/** Merges the image on top into the one below it, and lets the guest go on with that. */
export async function mergeOnline(
  host: SnapshotHost,
  { domain, uuid }: ChosenSnapshot,
  { target, overlay, base }: Layer,
): Promise<void> {
  const { libvirt, signal } = host
  await step(`merge ${target}`, async () => {
    let ready = false
    const watch = await watchDomains(libvirt, ['block job'], (event) => {
      if (event.kind === 'block job' && event.uuid === uuid && event.disk === target && event.status === 'ready')
        ready = true
    })
    const look = async (): Promise<boolean> => {
      const job = await libvirt.blockJob(uuid, target)
      if (!job) throw new LibvirtError('the job ended before it was done')
      host.progress(`merging ${target} of ${domain}`, job.end > 0 ? (100 * job.current) / job.end : 0)
      // A guest that writes all the time may never be seen at the end.
      return ready || (job.end > 0 && job.current === job.end)
    }
    try {
      const begun = await begunBefore(host, uuid, target, base)
      if (begun) ready ||= begun.attributes.ready === 'yes'
      else await libvirt.commitBlock(uuid, target, { base, top: overlay, active: true })
      await awaitByAsking(look, (done) => done, {
        timeoutMs: Number.POSITIVE_INFINITY,
        pollMs: POLL_MS,
        nudge: () => watch.next(),
        ...(signal && { signal }),
      })
    } finally {
      await watch.end()
    }
    await libvirt.abortBlockJob(uuid, target, { pivot: true })
  })
}

/** The same job, which goes on in QEMU when a run is cut. */
async function begunBefore(
  { libvirt }: SnapshotHost,
  uuid: string,
  target: string,
  base: string,
): Promise<Element | undefined> {
  const text = await libvirt.domainXml(uuid)
  if (text === undefined) return undefined
  const disks = childrenOf(child(parseXml(text), 'devices'), 'disk')
  const mirror = child(
    disks.find((one) => child(one, 'target')?.attributes.dev === target),
    'mirror',
  )
  const { file, dev } = child(mirror, 'source')?.attributes ?? {}
  return mirror?.attributes.job === 'active-commit' && (file ?? dev) === base ? mirror : undefined
}
