import { expect } from 'chai'
import fc from 'fast-check'
import { MOST_BYTES, type Packet, PacketSplitter, writePacket } from '../../../../core/libvirt/rpc/wire/packet.ts'
import { MalformedPacket } from '../../../../core/libvirt/rpc/xdr/malformed.ts'
import { XdrWriter } from '../../../../core/libvirt/rpc/xdr/writer.ts'
import { packet } from './daemon.ts'

const word = fc.nat({ max: 0xffff_ffff })
const small = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const packets: fc.Arbitrary<Packet> = fc.record({
  program: word,
  version: word,
  procedure: small,
  type: small,
  serial: word,
  status: small,
  payload: fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b)),
})

function split(bytes: Buffer, borders: readonly number[]): Buffer[] {
  const at = [...new Set(borders.map((b) => b % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((begin, i) => bytes.subarray(begin, at[i] ?? bytes.length))
}

describe("libvirt's packets", () => {
  it('are found wherever the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(packets, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 40 }), (sent, borders) => {
        const bytes = Buffer.concat(sent.map(packet))
        const splitter = new PacketSplitter()
        const got = split(bytes, borders).flatMap((piece) => splitter.push(Buffer.from(piece)))
        expect(got).to.deep.equal(sent)
        expect(splitter.clean).to.equal(true)
        if (bytes.length > 0) {
          expect(splitter.push(bytes.subarray(0, 3))).to.deep.equal([])
          expect(splitter.clean).to.equal(false)
        }
      }),
    )
  })

  for (const length of [0, 3, 4, 27, MOST_BYTES + 5, 0xffff_ffff]) {
    it(`cannot be ${length} bytes long`, () => {
      const bytes = packet({})
      bytes.writeUInt32BE(length, 0)
      expect(() => new PacketSplitter().push(bytes)).to.throw(MalformedPacket)
    })
  }

  it('may be as large as libvirt makes them, and take as long as they like', () => {
    const bytes = packet({ payload: Buffer.alloc(MOST_BYTES - 24, 7) })
    const splitter = new PacketSplitter()
    const found: Packet[] = []
    for (let at = 0; at < bytes.length; at += 65_536) found.push(...splitter.push(bytes.subarray(at, at + 65_536)))
    expect(found).to.have.length(1)
    expect(found[0]?.payload.length).to.equal(MOST_BYTES - 24)
    expect(() => packet({ payload: Buffer.alloc(MOST_BYTES) })).to.throw(RangeError)
  })

  it('that cannot be written leave nothing behind', () => {
    const writer = new XdrWriter()
    const header = { program: 1, version: 1, procedure: 1, type: 1, serial: 1, status: 0 }
    writePacket(writer, header, (to) => to.raw(Buffer.from('kept')))
    const before = writer.at
    expect(() => writePacket(writer, header, (to) => to.text('too long', 3))).to.throw(RangeError)
    expect(writer.at).to.equal(before)
    const [found, ...more] = new PacketSplitter().push(writer.take())
    expect([found?.payload.toString(), more]).to.deep.equal(['kept', []])
  })
})
