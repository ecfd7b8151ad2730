import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import fc from 'fast-check'
import type { OpenFleet } from '../../../../core/cli/vm/open.ts'
import { fieldLines, memoryText, printJson, tableLines, tell } from '../../../../core/cli/vm/print.ts'
import { columnsOf } from '../../../../core/report/printable.ts'
import { createRedactor } from '../../../../core/secrets/index.ts'

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/

function opened(): { open: OpenFleet; out: () => string; err: () => string } {
  const streams = { out: new PassThrough(), err: new PassThrough() }
  const redactor = createRedactor()
  redactor.add('hunter2-hunter2')
  const open = { streams, redactor } as unknown as OpenFleet
  return { open, out: () => String(streams.out.read() ?? ''), err: () => String(streams.err.read() ?? '') }
}

describe('what the VM verbs print', () => {
  const memory: [number | undefined, string][] = [
    [undefined, '-'],
    [512 * 1024, '512 MiB'],
    [1536 * 1024, '1.5 GiB'],
    [4 * 1024 * 1024, '4 GiB'],
  ]
  for (const [kib, text] of memory) it(`${kib} KiB are ${text}`, () => expect(memoryText(kib)).to.equal(text))

  it('tables whose columns stand below each other, whatever hosts call their things', () => {
    const columns = [
      { title: 'NAME', cell: (row: readonly [string, string]) => row[0] },
      { title: 'N', right: true, cell: (row: readonly [string, string]) => row[1] },
      { title: 'END', cell: () => 'x' },
    ]
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string())), (rows) => {
        const lines = tableLines(columns, rows)
        expect(lines).to.have.length(rows.length + 1)
        const width = columnsOf(lines[0]!) - 'END'.length
        for (const line of lines) {
          expect(line).to.not.match(CONTROL)
          expect(columnsOf(line)).to.equal(width + (line === lines[0] ? 3 : 1))
        }
      }),
    )
  })

  it('fields that have a value', () => {
    const lines = fieldLines([
      ['name', 'a\u001b[2J'],
      ['nvram', undefined],
      ['display', ''],
    ])
    expect(lines).to.deep.equal(['name: a\\x1b[2J'])
  })

  it('JSON that reads as it was, without what a terminal obeys, and without secrets', () => {
    const { open, out } = opened()
    const document = { name: 'x\u001b[2J\u009b\u202e', secret: 'hunter2-hunter2' }
    printJson(open, document)
    const text = out()
    expect(text).to.not.match(CONTROL).and.not.include('hunter2')
    expect(JSON.parse(text)).to.deep.equal({ ...document, secret: '********' })
  })

  it('messages on stderr alone', () => {
    const { open, out, err } = opened()
    tell(open, 'no answer: hunter2-hunter2\n\u001b[31m')
    expect(out()).to.equal('')
    expect(err()).to.equal('no answer: ******** ⏎ \\x1b[31m\n')
  })
})
