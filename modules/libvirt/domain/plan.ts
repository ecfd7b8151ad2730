import { canonical } from '../../../core/libvirt/xml/canonical.ts'
import { type Difference, diffXml } from '../../../core/libvirt/xml/diff.ts'
import { child, type Element } from '../../../core/libvirt/xml/element.ts'
import { mergeXml } from '../../../core/libvirt/xml/merge.ts'
import { type Unwanted, without } from './absences.ts'
import type { DomainArgs } from './args.ts'
import type { Declaration } from './declaration.ts'
import { findDevice } from './devices.ts'
import { withFreshDevices } from './fresh.ts'
import { balloonStep, detachStep, ejectStep, isHot, type LiveStep, liveStep } from './live/index.ts'
import type { FoundDomain, HostDomains } from './probe.ts'
import { type Risk, riskOf, withhold } from './risks.ts'

/** A difference of the running guest, and how it goes. */
export interface LivePart {
  readonly path: string
  readonly before: string | undefined
  /** Undefined: absent. */
  readonly after: string | undefined
  /** Undefined: at the next boot. */
  readonly step: LiveStep | undefined
}

/** What is to be done to a domain that is there, worked out once for the diff and for the act. */
export interface Plan {
  /** Of the definition. */
  readonly differences: readonly Difference[]
  readonly unwanted: readonly Unwanted[]
  /** What somebody has to decide first. */
  readonly withheld: readonly { readonly part: Difference | Unwanted; readonly risk: Risk }[]
  readonly live: readonly LivePart[]
  /** The definition as it is to be. */
  readonly definition: Element
}

/** What a plan has to know of the task. */
export type PlanArgs = Pick<DomainArgs, 'disks' | 'interfaces' | 'allow'> & { readonly state: string }

/** Undefined where the domain has no definition to compare. */
export function planOf(
  host: Pick<HostDomains, 'machines'>,
  found: Pick<FoundDomain, 'config' | 'live'>,
  declaration: Pick<Declaration, 'element' | 'absent'>,
  args: PlanArgs,
): Plan | undefined {
  const base = found.config ?? found.live
  if (!base) return undefined
  const allowed = (risk: Risk | undefined): boolean => risk === undefined || args.allow.includes(risk)
  const wanted = withFreshDevices(declaration.element, args, base)
  const all = diffXml(wanted, base, host.machines).filter((d) => d.path !== 'name')
  const risky = all.flatMap((part) => {
    const risk = riskOf(part)
    return risk === undefined || allowed(risk) ? [] : [{ part, risk }]
  })
  const risks = new Set(risky.map((r) => r.risk))
  const declared = withhold(wanted, risks)
  const unwanted = declaration.absent.flatMap((absence) => absence(base))
  const merged = mergeXml(
    { ...declared, children: declared.children.filter((c) => c.name !== 'name') },
    base,
    host.machines,
  )
  const gone = declaration.absent.flatMap((absence) => absence(merged)).filter((u) => allowed(u.risk))
  return {
    differences: all.filter((d) => !risky.some((r) => r.part === d) && !strippedWith(d, risky)),
    unwanted: unwanted.filter((u) => allowed(u.risk)),
    withheld: [
      ...risky,
      ...unwanted.flatMap((part) => (part.risk === undefined || allowed(part.risk) ? [] : [{ part, risk: part.risk }])),
    ],
    live:
      found.live && args.state !== 'stopped'
        ? liveParts(
            host,
            found.live,
            withFreshDevices(withhold(declaration.element, risks), args, found.live),
            declaration,
            allowed,
          )
        : [],
    definition: without(merged, gone),
  }
}

/** A difference that is taken out of the declaration together with one that needs a decision. */
function strippedWith(d: Difference, risky: readonly { readonly risk: Risk }[]): boolean {
  const risks = new Set(risky.map((r) => r.risk))
  return (
    (risks.has('firmware') && /^(?:os\.(?:firmware|loader|nvram)|features\.smm)\b/.test(d.path)) ||
    (risks.has('machine') && /^(?:os\.type\.|devices\.controller\b)/.test(d.path)) ||
    (risks.has('tpm') && /^devices\.tpm\b.*\.backend\b/.test(d.path))
  )
}

function liveParts(
  host: Pick<HostDomains, 'machines'>,
  live: Element,
  declared: Element,
  declaration: Pick<Declaration, 'absent'>,
  allowed: (risk: Risk | undefined) => boolean,
): LivePart[] {
  const running = { declared, live }
  const differences = diffXml(declared, live, host.machines, { running: true }).filter(
    (d) => d.path !== 'name' && !d.path.startsWith('metadata'),
  )
  return [
    ...balloonParts(running),
    ...differences.map((d) => ({ path: d.path, before: d.before, after: d.after, step: liveStep(d, running) })),
    ...declaration.absent.flatMap((absence) =>
      absence(live)
        .filter((u) => allowed(u.risk))
        .map((u) => ({ path: u.path, before: u.before, after: undefined, step: removalStep(live, u) })),
    ),
  ]
}

/** Memory that is declared for now, where the guest's balloon has another. */
function balloonParts(running: { declared: Element; live: Element }): LivePart[] {
  const [wanted, is] = [running.declared, running.live].map((d) => child(canonical(d), 'currentMemory')?.text)
  if (wanted === undefined || is === undefined) return []
  const step = balloonStep(wanted, is, running.live)
  return step ? [{ path: 'currentMemory', before: is, after: wanted, step }] : []
}

function removalStep(live: Element, unwanted: Unwanted): LiveStep | undefined {
  const [element] = unwanted.elements
  const drive = /^devices\.disk\[([^\]]*)\]\.source$/.exec(unwanted.path)?.[1]
  const medium = drive === undefined ? undefined : findDevice(live, 'disk', drive)
  if (medium) return ejectStep(medium)
  if (!unwanted.device || unwanted.elements.length !== 1 || !element || !isHot(element)) return undefined
  return detachStep(unwanted.path, element)
}
