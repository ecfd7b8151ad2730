import type { Element } from '../../../core/libvirt/xml/element.ts'
import { formatXml } from '../../../core/libvirt/xml/element.ts'
import type { Host } from '../../../core/module/types.ts'
import type { Plan } from './plan.ts'
import { awaitGuest, takeSteps } from './steps.ts'

/** What a plan is carried out with. */
export interface Undertaking {
  readonly uuid: string
  /** The definition as it is. */
  readonly config: Element | undefined
  /** Defines the domain anew. */
  readonly define: (definition: Element) => Promise<void>
  /** The plan for what runs by then. */
  readonly again: (live: Element) => Plan | undefined
  /** The guest is off by now, or is to be left alone. */
  readonly off: boolean
}

/** The definition, then what runs. Where that fails, the definition is what it was before. */
export async function carryOut(host: Host, plan: Plan, about: Undertaking): Promise<void> {
  const { uuid, config, define, again, off } = about
  const changes = plan.differences.length > 0 || plan.unwanted.length > 0
  if (changes) await define(plan.definition)
  if (off) return
  const steps = plan.live.flatMap(({ step }) => step ?? [])
  try {
    await takeSteps(host, uuid, steps)
  } catch (error) {
    if (changes && config) await host.libvirt.defineDomain(formatXml(config)).catch(() => undefined)
    throw error
  }
  const waits = (live: Element): boolean => again(live)?.live.some(({ step }) => step?.settles === 'guest') === true
  if (steps.some((step) => step.settles === 'guest')) await awaitGuest(host, uuid, (live) => !waits(live))
}
