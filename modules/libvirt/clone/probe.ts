import { sh } from '../../../core/connection/quote.ts'
import { fleetUuid } from '../../../core/libvirt/identity/uuid.ts'
import { withVolumeFiles } from '../../../core/libvirt/images/volume-files.ts'
import type { DomainSummary } from '../../../core/libvirt/types.ts'
import { type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import { allDomains, type KnownDomain } from '../storage/users.ts'
import type { CloneArgs } from './args.ts'
import { claimFile } from './claim.ts'

export interface CloneState {
  readonly check: boolean
  readonly answer: Answer<CloneHost>
}

export interface CloneHost {
  readonly source: { readonly summary: DomainSummary; readonly definition: Element } | undefined
  /** The domain of the new name, and the one of the new UUID. */
  readonly named: DomainSummary | undefined
  readonly sameUuid: DomainSummary | undefined
  /** The clone's own definition, where there is one. */
  readonly definition: Element | undefined
  readonly others: readonly KnownDomain[]
  /** Files of an attempt that was cut: they are ours. */
  readonly claimed: readonly string[]
  readonly sysprep: boolean
}

/** Two round trips: the domains, then what they have; a third where a disk is a volume. */
export async function probeClone(host: Reader, a: CloneArgs): Promise<CloneState> {
  const uuid = fleetUuid(a.fleet, 'domain', a.name)
  const [answer, own] = await Promise.all([
    ask(host, async (libvirt) => {
      const [domains, source, clone, others] = await Promise.all([
        libvirt.domains(),
        libvirt.domainXml(a.source, { inactive: true, secure: true }),
        libvirt.domainXml(a.name, { inactive: true }),
        allDomains(libvirt),
      ])
      const summary = domains.find((one) => one.name === a.source)
      return {
        source:
          summary && source !== undefined
            ? { summary, definition: await withVolumeFiles(libvirt, parseXml(source)) }
            : undefined,
        named: domains.find((one) => one.name === a.name),
        sameUuid: domains.find((one) => one.uuid === uuid),
        definition: clone === undefined ? undefined : parseXml(clone),
        others,
      }
    }),
    host.read(
      sh`if command -v virt-sysprep >/dev/null 2>&1; then echo y; else echo n; fi; cat ${claimFile(uuid)} 2>/dev/null || :`,
    ),
  ])
  const [sysprep, ...claimed] = own.stdout.toString().split('\n')
  if (answer.kind !== 'answer') return { check: host.check, answer }
  const files = claimed.filter((path) => path.startsWith('/'))
  return {
    check: host.check,
    answer: { kind: 'answer', value: { ...answer.value, claimed: files, sysprep: sysprep === 'y' } },
  }
}
