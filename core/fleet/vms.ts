import type { DomainStats, DomainSummary } from '../libvirt/types.ts'
import { LibvirtUnavailable } from '../libvirt/types.ts'
import { saidBy } from './errors.ts'
import type { FleetHost } from './host.ts'

/** A VM as a list shows it. */
export interface FleetVm extends DomainSummary {
  readonly host: string
  /** That it may use now; undefined where libvirt does not tell. */
  readonly vcpus: number | undefined
  readonly memoryKiB: number | undefined
}

/** What a host said when it was asked for its VMs. */
export type HostAnswer =
  | { readonly host: string; readonly vms: readonly FleetVm[]; readonly libvirt: boolean }
  | { readonly host: string; readonly silent: string; readonly hint?: string }

export type SilentHost = Extract<HostAnswer, { silent: string }>

export const isSilent = (answer: HostAnswer): answer is SilentHost => 'silent' in answer

/** A libvirt that takes longer for a list hangs. */
const ANSWER_MS = 30_000

/** One host's VMs, in one round trip after the login. Only a bug is raised. A host without libvirt has no VMs. */
export async function askHost(name: string, open: () => Promise<FleetHost>): Promise<HostAnswer> {
  try {
    const { libvirt } = await open()
    const [summaries, stats] = await within(
      ANSWER_MS,
      Promise.all([libvirt.domains(), libvirt.domainStats({ groups: ['balloon', 'vcpu'] })]),
    )
    return { host: name, vms: vmsOf(name, summaries, stats), libvirt: true }
  } catch (error) {
    if (error instanceof LibvirtUnavailable && error.reason === 'not installed') {
      return { host: name, vms: [], libvirt: false }
    }
    const said = error instanceof Slow ? { reason: error.message } : saidBy(error)
    if (!said) throw error
    return { host: name, silent: said.reason, ...(said.hint !== undefined && { hint: said.hint }) }
  }
}

/** Sorted by name. */
export function vmsOf(host: string, summaries: readonly DomainSummary[], stats: readonly DomainStats[]): FleetVm[] {
  const byName = new Map(stats.map((one) => [one.name, one.values]))
  return summaries
    .map((summary) => {
      const values = byName.get(summary.name)
      const number = (...fields: readonly string[]): number | undefined => {
        const text = fields.map((field) => values?.[field]).find((value) => value !== undefined)
        return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
      }
      return {
        ...summary,
        host,
        vcpus: number('vcpu.current', 'vcpu.maximum'),
        memoryKiB: number('balloon.current', 'balloon.maximum'),
      }
    })
    .sort(byNameAndHost)
}

/** By code point: the same order everywhere. */
export function byNameAndHost(a: FleetVm, b: FleetVm): number {
  return order(a.name, b.name) || order(a.host, b.host)
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Names that more than one host has. */
export function duplicates(vms: readonly FleetVm[]): ReadonlySet<string> {
  const hosts = new Map<string, Set<string>>()
  for (const { name, host } of vms) hosts.set(name, (hosts.get(name) ?? new Set()).add(host))
  return new Set([...hosts].filter(([, on]) => on.size > 1).map(([name]) => name))
}

class Slow extends Error {}

async function within<T>(limitMs: number, answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Slow(`libvirt did not answer within ${limitMs / 1000} s`)), limitMs)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
