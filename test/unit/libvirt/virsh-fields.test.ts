import { expect } from 'chai'
import { errorCode } from '../../../core/libvirt/virsh/errors.ts'
import { blockJobOf, interfaceRows, jobOf, statsBlocks } from '../../../core/libvirt/virsh/fields.ts'
import { ambiguous, numeric, oneLine } from '../../../core/libvirt/virsh/words.ts'

describe("virsh's fields", () => {
  it('tell of jobs', () => {
    const running = `Job type:         Unbounded   
Operation:        Outgoing migration
Time elapsed:     2157         ms
Data processed:   1.500 GiB
Data remaining:   512.000 MiB
Data total:       2.000 GiB
Memory bandwidth: 32.000 MiB/s
`
    expect(jobOf(running)).to.deep.equal({
      type: 'unbounded',
      elapsedMs: 2157,
      total: 2 * 1024 ** 3,
      processed: 1.5 * 1024 ** 3,
      remaining: 512 * 1024 ** 2,
    })
    expect(jobOf('Job type:         None\n')).to.deep.include({ type: 'none', total: undefined })
    expect(blockJobOf(' type=Active Block Commit\n bandwidth=0\n cur=65536\n end=131072\n')).to.deep.equal({
      type: 'active commit',
      current: 65536,
      end: 131072,
    })
    expect(blockJobOf(' type=Block Commit\n bandwidth=0\n cur=1\n end=2\n')?.type).to.equal('commit')
    expect(blockJobOf('')).to.equal(undefined)
  })

  it('tell of addresses, also where names hold spaces', () => {
    const said = ` lo           00:00:00:00:00:00    ipv4         127.0.0.1/8
 lo           00:00:00:00:00:00    ipv6         ::1/128
 Ethernet Instance 0 52:54:00:aa:bb:cc    ipv4         192.168.1.2/24
 tun0         N/A                  N/A          N/A
`
    expect(interfaceRows(said)).to.deep.equal([
      {
        name: 'lo',
        mac: '00:00:00:00:00:00',
        addresses: [
          { address: '127.0.0.1', prefix: 8 },
          { address: '::1', prefix: 128 },
        ],
      },
      { name: 'Ethernet Instance 0', mac: '52:54:00:aa:bb:cc', addresses: [{ address: '192.168.1.2', prefix: 24 }] },
      { name: 'tun0', mac: undefined, addresses: [] },
    ])
  })

  it('tell of statistics', () => {
    expect(
      statsBlocks("Domain: 'a'b'\n  state.state=1\n  block.0.path=/x=y\n\nDomain: 'c'\n  x.y=yes\n\n"),
    ).to.deep.equal([
      { name: "a'b", values: { 'state.state': '1', 'block.0.path': '/x=y' } },
      { name: 'c', values: { 'x.y': 'yes' } },
    ])
  })

  it('become errors with the code that the RPC would give', () => {
    for (const [text, code] of [
      ["Domain not found: no domain with matching name 'x'", 42],
      ["Domain snapshot not found: no domain snapshot with matching name 'x'", 72],
      ['metadata not found: Requested metadata element is not present', 80],
      ['authentication unavailable: no polkit agent available', 94],
      ['authentication cancelled: user', 79],
      ['Unsafe migration: Migration may lead to data corruption', 81],
      ['XML document failed to validate against schema: Unable to validate', 92],
      ['XML error: expecting root element', 27],
      ['Guest agent is not responding: QEMU guest agent is not connected', 86],
      ['something else', undefined],
    ] as const) {
      expect(errorCode(text), text).to.equal(code)
    }
  })

  it('take XML as one line, the same in meaning', () => {
    expect(oneLine("<a b='1'\n   c='2'>one\ntwo<d/>\r\n</a>")).to.equal("<a b='1' c='2'>one&#10;two<d/>&#10;</a>")
    expect([numeric('7'), numeric('7a'), ambiguous('6695eb01-f6a4-8304-79aa-97f2502e193f')]).to.deep.equal([
      true,
      false,
      true,
    ])
  })
})
