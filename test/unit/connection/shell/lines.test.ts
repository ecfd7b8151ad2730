import { expect } from 'chai'
import { LineSplitter } from '../../../../core/connection/shell/lines.ts'

describe('connection: lines', () => {
  it('come whole, whatever the chunks, and the last without an end', () => {
    const got: string[] = []
    const lines = new LineSplitter((stream, line) => got.push(`${stream}:${line}`))
    const bytes = Buffer.from('eins\r\nzwölf\n\nrest')
    for (const byte of bytes) lines.feed('stdout', Buffer.from([byte]))
    lines.feed('stderr', Buffer.from('e\n'))
    expect(got).to.deep.equal(['stdout:eins', 'stdout:zwölf', 'stdout:', 'stderr:e'])
    lines.flush()
    expect(got.at(-1)).to.equal('stdout:rest')
  })

  it('are bounded', () => {
    const got: string[] = []
    const lines = new LineSplitter((_stream, line) => got.push(line))
    lines.feed('stdout', Buffer.alloc(200_000, 'x'))
    expect(Math.max(...got.map((l) => l.length))).to.equal(65_536)
  })
})
