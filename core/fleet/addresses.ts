import { saidBy } from './errors.ts'
import type { FleetHost } from './host.ts'

/** Where an address is known from: libvirt's own DHCP, the guest's agent, the host's ARP table. */
export const SOURCES = ['lease', 'agent', 'arp'] as const
export type AddressSource = (typeof SOURCES)[number]

export interface VmAddress {
  readonly source: AddressSource
  readonly interface: string
  readonly mac: string | undefined
  readonly address: string
  readonly prefix: number
}

export interface VmAddresses {
  readonly addresses: readonly VmAddress[]
  /** Sources that could not be asked, and why. */
  readonly unavailable: readonly { readonly source: AddressSource; readonly reason: string }[]
}

/** Addresses of a running guest from these sources, all asked at the same time. Only a bug is raised. */
export async function addressesOf(
  { libvirt }: FleetHost,
  uuid: string,
  sources: readonly AddressSource[] = SOURCES,
): Promise<VmAddresses> {
  const answers = await Promise.allSettled(sources.map((source) => libvirt.domainAddresses(uuid, source)))
  const addresses: VmAddress[] = []
  const unavailable: { source: AddressSource; reason: string }[] = []
  for (const [i, source] of sources.entries()) {
    const answer = answers[i]!
    if (answer.status === 'rejected') {
      const said = saidBy(answer.reason)
      if (!said) throw answer.reason
      unavailable.push({ source, reason: said.reason })
      continue
    }
    for (const { name, mac, addresses: all } of answer.value)
      addresses.push(...all.map(({ address, prefix }) => ({ source, interface: name, mac, address, prefix })))
  }
  return { addresses: addresses.filter(({ address }) => !ofGuestAlone(address)), unavailable }
}

/** The guest's own loopback, which its agent tells too. */
const ofGuestAlone = (address: string): boolean => /^127\./.test(address) || address === '::1'

/** The addresses that reach a guest, each one once: not those of its link alone. */
export function reachable(addresses: readonly VmAddress[]): string[] {
  return [...new Set(addresses.map((one) => one.address).filter((one) => !/^(?:fe[89ab]|169\.254\.)/i.test(one)))]
}
