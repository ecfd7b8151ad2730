import { expect } from 'chai'
import fc from 'fast-check'
import { MarkReader } from '../../../../core/connection/shell/marks.ts'

function read(chunks: readonly Buffer[], nonce: string): { data: Buffer; marks: { at: number; words: string }[] } {
  const data: Buffer[] = []
  const marks: { at: number; words: string }[] = []
  const size = (): number => data.reduce((n, b) => n + b.length, 0)
  const reader = new MarkReader({
    data: (bytes) => data.push(Buffer.from(bytes)),
    mark: (words) => marks.push({ at: size(), words }),
  })
  reader.expect(nonce)
  for (const chunk of chunks) reader.feed(chunk)
  reader.flush()
  return { data: Buffer.concat(data), marks }
}

describe('connection: marks', () => {
  it('are found wherever the stream is cut, and no byte is lost', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 30 }).map((b) => ({ bytes: Buffer.from(b), mark: undefined })),
      fc.constantFrom('\x1e', '\x1en0', '\x1en0nce', '\n').map((t) => ({ bytes: Buffer.from(t), mark: undefined })),
      fc.constantFrom('B', 'E 1 0', 'E 12 127').map((mark) => ({ bytes: Buffer.from(`\x1en0nce ${mark}\n`), mark })),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 10 }), (parts, cuts) => {
        const stream = Buffer.concat(parts.map((p) => p.bytes))
        const expected = parts.flatMap((p) => (p.mark === undefined ? [] : [p.mark]))
        fc.pre(stream.toString('latin1').split('\x1en0nce ').length - 1 === expected.length)
        const at = [0, ...cuts.filter((c) => c < stream.length).sort((a, b) => a - b), stream.length]
        const got = read(
          at.slice(1).map((end, i) => stream.subarray(at[i], end)),
          'n0nce',
        )
        expect(got.marks.map((m) => m.words)).to.deep.equal(expected)
        const plain = Buffer.concat(parts.filter((p) => p.mark === undefined).map((p) => p.bytes))
        expect(got.data.equals(plain)).to.equal(true)
      }),
      { numRuns: 300 },
    )
  })

  it("are not taken from another batch's nonce", () => {
    const { data, marks } = read([Buffer.from('\x1eother E 1 0\nx')], 'n0nce')
    expect(marks).to.deep.equal([])
    expect(data.toString()).to.equal('\x1eother E 1 0\nx')
  })
})
