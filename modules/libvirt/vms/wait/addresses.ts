import { sh } from '../../../../core/connection/quote.ts'
import type { Lease } from '../../../../core/libvirt/types.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import type { Guest, Guests } from './guests.ts'

/** Leases have no event, and are looked at so often; guest agents, which take longer to say it, now and then. */
const POLL_MS = 1000
const AGENT_MS = 3000

const NOT_OF_USE = /^(?:127\.|169\.254\.|::1$|fe80:)/i

/**
 * Waits until each guest has an address: by the leases of libvirt's networks, the host's neighbours, or its agent. All guests of the
 * host are asked for in one round trip.
 */
export async function waitForAddresses(guests: Guests): Promise<void> {
  const { host } = guests
  let networks: readonly string[] | undefined
  let agents = 0
  const look = async (missing: readonly Guest[]): Promise<void> => {
    const turn = Date.now() - agents >= AGENT_MS
    if (turn) agents = Date.now()
    networks ??= (await host.libvirt.networks()).filter((one) => one.active).map((one) => one.name)
    const [leases, neighbours] = await Promise.all([
      Promise.all(networks.map((name) => host.libvirt.leases(name).catch(() => []))),
      host.read(sh`ip neigh show 2>/dev/null; true`),
      ...(turn ? missing.filter((one) => one.agent === 'connected').map((one) => askAgent(guests, one)) : []),
    ])
    const seen = [...leased(leases.flat()), ...neighbouring(neighbours.stdout.toString())]
    for (const guest of missing) guest.address ??= seen.find(({ mac }) => guest.macs.includes(mac))?.address
    for (const guest of missing)
      if (guest.macs.length === 0) guest.failure ??= new ModuleFailure('it has no interface to have an address on')
    const there = guests.left.filter((one) => one.address !== undefined).length
    host.progress(`${there} of ${guests.all.length} VMs have an address`)
  }
  await guests.until((guest) => guest.address !== undefined, look, {
    pollMs: () => POLL_MS,
    unwatchedMs: AGENT_MS,
    late: () => 'no address in time',
    hint: 'seen are DHCP leases and neighbours of the host, and addresses the guest agent tells; wait_for: running does not wait',
  })
}

interface Seen {
  readonly mac: string
  readonly address: string
}

/** The youngest first: a guest that was made anew may have an old one. */
const leased = (leases: readonly Lease[]): Seen[] => [...leases].sort((a, b) => (a.expiry < b.expiry ? 1 : -1))

/** `192.0.2.7 dev virbr0 lladdr 52:54:00:00:00:01 REACHABLE` */
function neighbouring(text: string): Seen[] {
  return text.split('\n').flatMap((line) => {
    const words = line.split(' ')
    const [address = '', mac] = [words[0], words[words.indexOf('lladdr') + 1]]
    const bad = !words.includes('lladdr') || /FAILED|INCOMPLETE/.test(line) || NOT_OF_USE.test(address)
    return bad || mac === undefined ? [] : [{ mac, address }]
  })
}

async function askAgent({ host }: Guests, guest: Guest): Promise<void> {
  const interfaces = await host.libvirt.domainAddresses(guest.name, 'agent').catch(() => [])
  const own = interfaces.filter(({ mac }) => mac !== undefined && guest.macs.includes(mac.toLowerCase()))
  guest.address ??= own.flatMap((one) => one.addresses).find(({ address }) => !NOT_OF_USE.test(address))?.address
}
