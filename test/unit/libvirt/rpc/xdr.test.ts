import { expect } from 'chai'
import fc from 'fast-check'
import { errorReply, parameter, uuidBytes, uuidText } from '../../../../core/libvirt/rpc/protocol/objects.ts'
import {
  type Codec,
  characters,
  double,
  fixed,
  flag,
  hyper,
  int,
  list,
  opaque,
  optional,
  string,
  struct,
  uhyper,
  uint,
} from '../../../../core/libvirt/rpc/xdr/codec.ts'
import { MalformedPacket } from '../../../../core/libvirt/rpc/xdr/malformed.ts'
import { decode, encode } from './daemon.ts'

interface Sample {
  readonly codec: Codec<unknown>
  readonly value: unknown
}

const sample = <T>(codec: Codec<T>, values: fc.Arbitrary<T>): fc.Arbitrary<Sample> =>
  values.map((value) => ({ codec: codec as Codec<unknown>, value }))
const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((t) => !t.includes('\0'))
const bytes = (length: fc.IntArrayConstraints) => fc.uint8Array(length).map((b) => Buffer.from(b))

/** Any layout, with a value of it. */
const samples = fc.letrec<{ any: Sample }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    sample(int, fc.integer()),
    sample(uint, fc.nat({ max: 0xffff_ffff })),
    sample(hyper, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    sample(uhyper, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    sample(double, fc.double({ noNaN: true })),
    sample(flag, fc.boolean()),
    sample(string(1000), text),
    sample(opaque(64), bytes({ maxLength: 64 })),
    sample(fixed(7), bytes({ minLength: 7, maxLength: 7 })),
    sample(characters(8), fc.stringMatching(/^[ -~]{0,8}$/)),
    tie('any').map(({ codec, value }) => ({ codec: optional(codec), value })),
    tie('any').map(({ codec }) => ({ codec: optional(codec), value: undefined })),
    fc
      .tuple(tie('any'), fc.nat({ max: 4 }))
      .map(([{ codec, value }, n]) => ({ codec: list(codec, 4), value: Array.from({ length: n }, () => value) })),
    fc.array(tie('any'), { maxLength: 4 }).map((parts) => ({
      codec: struct(Object.fromEntries(parts.map(({ codec }, i) => [`f${i}`, codec]))),
      value: Object.fromEntries(parts.map(({ value }, i) => [`f${i}`, value])),
    })),
  ),
}))

describe('XDR', () => {
  it('reads what it has written, whatever the layout', () => {
    fc.assert(
      fc.property(samples.any, ({ codec, value }) => {
        const written = encode(codec, value)
        expect(written.length % 4).to.equal(0)
        expect(written.length).to.be.at.least(codec.least)
        expect(decode(codec, written)).to.deep.equal(value)
      }),
    )
  })

  it('writes every kind of number at every border of its buffer', () => {
    const numbers = [int, uint, hyper, uhyper, double] as Codec<unknown>[]
    const values = [-5, 5, -5n, 5n, 0.5]
    for (let length = 200; length < 1100; length += 4) {
      const codec = struct({ bytes: opaque(2000), ...Object.fromEntries(numbers.map((c, i) => [`n${i}`, c])) })
      for (const [i, first] of numbers.entries()) {
        const rotated = struct({ bytes: opaque(2000), first, rest: codec })
        const rest = { bytes: Buffer.alloc(0), ...Object.fromEntries(values.map((v, n) => [`n${n}`, v])) }
        const value = { bytes: Buffer.alloc(length, 1), first: values[i], rest }
        expect(decode(rotated, encode(rotated, value as never))).to.deep.equal(value)
      }
    }
  })

  it('takes no part of a value for the whole, and nothing behind it', () => {
    fc.assert(
      fc.property(samples.any, fc.nat(), ({ codec, value }, cut) => {
        const written = encode(codec, value)
        fc.pre(written.length > 0)
        const short = written.subarray(0, cut % written.length)
        expect(() => decode(codec, short)).to.throw(MalformedPacket)
        expect(() => decode(codec, Buffer.concat([written, Buffer.alloc(4)]))).to.throw(MalformedPacket)
      }),
    )
  })

  it('meets any bytes with a value or a refusal, and sets nothing aside for what is not there', () => {
    const codecs = [errorReply, list(parameter, 262_144), string(4 * 1024 * 1024)] as Codec<unknown>[]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...codecs), (noise, codec) => {
        try {
          decode(codec, Buffer.from(noise))
        } catch (error) {
          expect(error).to.be.instanceOf(MalformedPacket)
        }
      }),
    )
    const huge = Buffer.from([0, 3, 0xff, 0xff, 0, 0, 0, 0])
    expect(() => decode(list(parameter, 262_144), huge)).to.throw(MalformedPacket, 'with 4 bytes left')
  })

  it('has limits both ways', () => {
    expect(() => encode(string(3), 'four')).to.throw(RangeError)
    expect(() => encode(string(9), 'vm\0other')).to.throw(RangeError, 'NUL')
    expect(() => encode(list(int, 1), [1, 2])).to.throw(RangeError)
    expect(() => encode(fixed(2), Buffer.alloc(3))).to.throw(RangeError)
    expect(() => decode(string(3), encode(string(4), 'four'))).to.throw(MalformedPacket, 'at most 3')
    expect(() => decode(optional(int), Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]))).to.throw(MalformedPacket)
    expect(() => decode(parameter, encode(struct({ a: string(1), b: int }), { a: 'x', b: 8 }))).to.throw(
      MalformedPacket,
      'no type 8',
    )
  })

  it('writes UUIDs as everybody does', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 4 }), (uuid) => {
        expect(uuidText(uuidBytes(uuid) as Buffer)).to.equal(uuid)
        expect(uuidText(uuidBytes(uuid.replaceAll('-', '').toUpperCase()) as Buffer)).to.equal(uuid)
      }),
    )
    expect(uuidBytes('not one')).to.equal(undefined)
  })
})
