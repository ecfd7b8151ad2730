import { Duplex } from 'node:stream'
import { expect } from 'chai'
import { inOneWrite } from '../../../../core/connection/ssh/writes.ts'

/** Each write that gets as far as the system, in its pieces. */
function recorded(gathers: boolean): { sock: Duplex; writes: string[][] } {
  const writes: string[][] = []
  const sock = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      writes.push([chunk.toString()])
      done()
    },
    ...(gathers && {
      writev: (pieces, done) => {
        writes.push(pieces.map(({ chunk }) => (chunk as Buffer).toString()))
        done()
      },
    }),
  })
  inOneWrite(sock)
  return { sock, writes }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('what is written to an SSH server in one turn', () => {
  it('leaves in one write, also from a promise', async () => {
    const { sock, writes } = recorded(true)
    for (const piece of ['length', 'content', 'tag']) sock.write(piece)
    expect(writes).to.deep.equal([])
    await nextTurn()
    expect(writes).to.deep.equal([['length', 'content', 'tag']])
    await Promise.resolve()
    for (const piece of ['a', 'b']) sock.write(piece)
    await nextTurn()
    expect(writes.slice(1)).to.deep.equal([['a', 'b']])
  })

  it('is one piece where the stream takes only one at a time', async () => {
    const { sock, writes } = recorded(false)
    for (const piece of ['length', 'content', 'tag']) sock.write(piece)
    await nextTurn()
    expect(writes).to.deep.equal([['lengthcontenttag']])
  })

  it('is there before an end in the same turn', async () => {
    const { sock, writes } = recorded(true)
    sock.write('good')
    sock.write('bye')
    sock.end()
    await nextTurn()
    expect(writes).to.deep.equal([['good', 'bye']])
  })
})
