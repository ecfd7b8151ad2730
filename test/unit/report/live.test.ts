import { expect } from 'chai'
import fc from 'fast-check'
import { LiveBlock } from '../../../core/report/live.ts'
import { columnsOf, oneLine } from '../../../core/report/printable.ts'
import { Screen } from './screen.ts'

const lines = (count: number, width: number) =>
  Array.from({ length: count }, (_, i) => ({ text: `${i}`.padEnd(width, 'x') }))

describe('live block', () => {
  it('is redrawn in place, and printed lines scroll up above it', () => {
    const screen = new Screen(40, 10)
    const block = new LiveBlock(screen)
    block.update([{ text: 'one' }, { text: 'two' }])
    block.print(['done 1'], [{ text: 'three' }])
    block.update([{ text: 'four' }, { text: 'five' }])
    expect(screen.lines).to.deep.equal(['done 1', 'four', 'five', ''])
    expect(screen.cursor).to.equal(false)
    block.print(['done 2'], [])
    block.close()
    expect(screen.lines).to.deep.equal(['done 1', 'done 2', ''])
    expect(screen.cursor).to.equal(true)
  })

  it('is never wider or higher than the terminal', () => {
    const screen = new Screen(30, 6)
    const block = new LiveBlock(screen)
    for (let i = 0; i < 5; i++) block.print([`done ${i}`], lines(20, 200))
    expect(screen.window.length).to.be.at.most(6)
    for (const line of screen.lines) expect(columnsOf(line)).to.be.at.most(30)
    block.close()
    expect(screen.lines).to.deep.equal(['done 0', 'done 1', 'done 2', 'done 3', 'done 4', ''])
  })

  it('writes nothing where nothing is new', () => {
    let writes = 0
    const block = new LiveBlock({ columns: 80, write: () => void writes++ })
    block.update([{ text: 'same' }])
    block.update([{ text: 'same' }])
    expect(writes).to.equal(1)
  })

  it('overwrites instead of blanking: no frame is empty in between', () => {
    let sent = ''
    const write = (text: string): void => {
      sent = text
    }
    const block = new LiveBlock({ columns: 80, rows: 24, write })
    block.update([{ text: 'a' }, { text: 'b' }])
    block.update([{ text: 'c' }, { text: 'd' }])
    expect(sent).to.equal('\u001b[2Fc\u001b[K\nd\u001b[K\n\u001b[J')
  })

  it('takes away all of its rows after the terminal became narrower', () => {
    const screen = new Screen(60, 20)
    const block = new LiveBlock(screen)
    block.print(['done'], lines(3, 59))
    // What a terminal does when it wraps what stood there.
    screen.columns = 30
    screen.lines = ['done', ...screen.lines.slice(1, 4).flatMap((line) => [line.slice(0, 30), line.slice(30)]), '']
    screen.row = screen.lines.length - 1
    block.update(lines(2, 10))
    expect(screen.lines).to.deep.equal(['done', '0xxxxxxxxx', '1xxxxxxxxx', ''])
  })

  it('leaves only what was printed, whatever was drawn before', () => {
    const step = fc.tuple(fc.boolean(), fc.array(fc.string({ unit: 'grapheme', maxLength: 50 }), { maxLength: 12 }))
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 12 }),
        fc.integer({ min: 3, max: 60 }),
        fc.integer({ min: 3, max: 10 }),
        (steps, columns, rows) => {
          const screen = new Screen(columns, rows)
          const block = new LiveBlock(screen)
          const printed: string[] = []
          for (const [print, texts] of steps) {
            const below = texts.map((text) => ({ text }))
            if (print) {
              printed.push(`${printed.length}`)
              block.print([printed.at(-1)!], below)
            } else block.update(below)
          }
          block.close()
          expect(screen.lines).to.deep.equal([...printed, ''])
        },
      ),
    )
  })
})

describe('oneLine', () => {
  it('is never wider than it may be', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(columnsOf(oneLine(text, width))).to.be.at.most(width)
      }),
    )
  })
  for (const [text, width, expected] of [
    ['a\n  b\tc', 20, 'a ⏎ b c'],
    ['漢字漢字', 5, '漢字…'],
    ['\u001b[2J', 20, '\\x1b[2J'],
    ['abcdef', 4, 'abc…'],
  ] as const)
    it(`makes ${expected} of ${JSON.stringify(text)}`, () => expect(oneLine(text, width)).to.equal(expected))
})
