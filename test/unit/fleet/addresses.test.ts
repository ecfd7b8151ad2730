import { expect } from 'chai'
import { addressesOf, reachable } from '../../../core/fleet/addresses.ts'
import type { FleetHost } from '../../../core/fleet/host.ts'
import { type DomainInterface, LibvirtError } from '../../../core/libvirt/types.ts'

const nic = (...addresses: string[]): DomainInterface => ({
  name: 'eth0',
  mac: '52:54:00:00:00:01',
  addresses: addresses.map((address) => ({ address, prefix: 24 })),
})

/** A host of which only what its sources answer is asked. */
function hostWith(sources: Readonly<Record<string, DomainInterface[] | Error>>): FleetHost {
  const domainAddresses = async (_id: string, source = 'lease') => {
    const answer = sources[source] ?? []
    if (answer instanceof Error) throw answer
    return answer
  }
  return { libvirt: { domainAddresses } } as unknown as FleetHost
}

describe('the addresses of a VM', () => {
  it('are marked by where they come from; a source that fails is told', async () => {
    const host = hostWith({
      lease: [nic('192.0.2.7')],
      agent: new LibvirtError('QEMU guest agent is not configured'),
      arp: [nic('192.0.2.7', '192.0.2.8')],
    })
    const { addresses, unavailable } = await addressesOf(host, 'u')
    expect(addresses.map((one) => [one.source, one.address])).to.deep.equal([
      ['lease', '192.0.2.7'],
      ['arp', '192.0.2.7'],
      ['arp', '192.0.2.8'],
    ])
    expect(unavailable).to.deep.equal([{ source: 'agent', reason: 'QEMU guest agent is not configured' }])
  })

  it('leave out the loopback of the guest', async () => {
    const { addresses } = await addressesOf(hostWith({ agent: [nic('127.0.0.1', '::1', '192.0.2.7')] }), 'u')
    expect(addresses.map((one) => one.address)).to.deep.equal(['192.0.2.7'])
  })

  it('hide no bug', async () => {
    const bug = new TypeError('x')
    expect(await addressesOf(hostWith({ arp: bug }), 'u').catch((error: unknown) => error)).to.equal(bug)
  })

  it('reach it by each one once, and by none of its link alone', async () => {
    const all = await addressesOf(
      hostWith({ lease: [nic('192.0.2.7')], agent: [nic('192.0.2.7', 'fe80::1', '169.254.3.4', '2001:db8::7')] }),
      'u',
    )
    expect(reachable(all.addresses)).to.deep.equal(['192.0.2.7', '2001:db8::7'])
  })
})
