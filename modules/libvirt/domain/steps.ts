import { setTimeout as delay } from 'node:timers/promises'
import { type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Host } from '../../../core/module/types.ts'
import { attempt } from '../daemon/failure.ts'
import type { LiveStep } from './live/index.ts'

/** Changes of the running guest, each once; where one fails, those before it that can be are taken back. */
export async function takeSteps(host: Host, uuid: string, steps: readonly LiveStep[]): Promise<void> {
  const byLabel = new Map(steps.map((step) => [step.label, step]))
  const taken: LiveStep[] = []
  for (const step of byLabel.values()) {
    try {
      await attempt(step.label, () => step.act(host.libvirt, uuid))
      taken.push(step)
    } catch (error) {
      for (const earlier of taken.reverse()) await earlier.undo?.(host.libvirt, uuid).catch(() => undefined)
      throw error
    }
  }
}

/** Pauses in ms: a guest that listens lets go within a second; one that does not is not waited for longer. */
const LOOKS = [100, 200, 400, 800, 1500]

/** Looks whether the guest has done its part; what it has not, the next run tells again. */
export async function awaitGuest(host: Host, uuid: string, done: (live: Element) => boolean): Promise<void> {
  for (const pause of LOOKS) {
    await delay(pause, undefined, { signal: host.signal })
    const text = await host.libvirt.domainXml(uuid, { secure: true })
    if (text === undefined || done(parseXml(text))) return
  }
}
