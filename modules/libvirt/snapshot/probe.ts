import { CODE } from '../../../core/libvirt/errors.ts'
import { childrenOf } from '../../../core/libvirt/snapshot/children.ts'
import type { ChosenSnapshot } from '../../../core/libvirt/snapshot/host.ts'
import { SnapshotKept } from '../../../core/libvirt/snapshot/kept.ts'
import { readSnapshot, type Snapshot } from '../../../core/libvirt/snapshot/read.ts'
import { demandDeletable, demandRevertible } from '../../../core/libvirt/snapshot/standing.ts'
import { type DomainSummary, LibvirtError } from '../../../core/libvirt/types.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import type { SnapshotArgs } from './args.ts'

export interface SnapshotState {
  readonly check: boolean
  /** Undefined: there is no such domain. */
  readonly answer: Answer<FoundDomain | undefined>
}

/** A domain and its snapshots. */
export interface FoundDomain {
  readonly summary: DomainSummary
  /** As it runs, else its definition. */
  readonly model: DomainModel
  readonly names: readonly string[]
  readonly current: string | undefined
  /** The one of the task. */
  readonly snapshot: Snapshot | undefined
  /** Those made on top of it; read only where it is to be removed. */
  readonly children: readonly string[]
  /** Why it is not removed, or not gone back to: others stand on images that this would harm. */
  readonly kept: SnapshotKept | undefined
  /** Whether this libvirt can go back to an external one (9.9.0 and later say so). */
  readonly external: boolean
  readonly version: string
}

/** One round trip; more where a snapshot is to be removed or gone back to. */
export async function probeSnapshot(host: Reader, a: SnapshotArgs): Promise<SnapshotState> {
  const answer = await ask(host, async (libvirt): Promise<FoundDomain | undefined> => {
    const [domains, available, capabilities, xml, names, one, current] = await Promise.all([
      libvirt.domains(),
      libvirt.available(),
      libvirt.capabilities(),
      libvirt.domainXml(a.domain),
      unlessAbsent(libvirt.snapshots(a.domain)),
      unlessAbsent(libvirt.snapshotXml(a.domain, a.name)),
      unlessAbsent(libvirt.currentSnapshot(a.domain)),
    ])
    const summary = domains.find((d) => d.name === a.domain)
    if (!summary || xml === undefined || names === undefined) return undefined
    const snapshot = one === undefined || !names.includes(a.name) ? undefined : readSnapshot(one)
    const chosen = snapshot && { domain: a.domain, uuid: summary.uuid, snapshot }
    const external = capabilities.includes('<externalSnapshot/>')
    return {
      summary,
      model: readDomain(parseXml(xml)),
      names,
      current,
      snapshot,
      children: a.state === 'absent' && chosen ? await childrenOf(libvirt, a.domain, a.name, names) : [],
      kept: chosen && (await whyKept(host, chosen, a, external)),
      external,
      version: available.ok ? available.versions.library : '',
    }
  })
  return { check: host.check, answer }
}

/** What deleteSnapshot, or revertTo, would say before it does anything. `external`: whether this libvirt goes back to external ones. */
async function whyKept(
  host: Reader,
  chosen: ChosenSnapshot,
  a: SnapshotArgs,
  external: boolean,
): Promise<SnapshotKept | undefined> {
  const { snapshot } = chosen
  try {
    if (a.state === 'absent') await demandDeletable(host, chosen, { children: takesChildren(a, snapshot) })
    if (a.state === 'reverted' && (external || snapshot.type === 'internal')) await demandRevertible(host, chosen)
    return undefined
  } catch (error) {
    if (error instanceof SnapshotKept) return error
    throw error
  }
}

/** Whether those made since go too: external ones go one by one. */
export const takesChildren = (a: SnapshotArgs, { type }: Snapshot): boolean => a.children && type === 'internal'

const ABSENT: readonly (number | undefined)[] = [CODE.noDomain, CODE.noSnapshot]

/** Undefined where there is no such domain, or no such snapshot. */
async function unlessAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof LibvirtError && ABSENT.includes(error.code)) return undefined
    throw error
  }
}
