import { expect } from 'chai'
import fc from 'fast-check'
import { type Diagnostic, didYouMean, renderDiagnostic, sortDiagnostics } from '../../../core/language/index.ts'

const at = { file: 'play.yml', line: 2, column: 8 }
const mistake: Diagnostic = {
  severity: 'error',
  code: 'undefined-variable',
  message: "'hv' is undefined",
  at,
  hint: 'set it',
}

describe('renderDiagnostic', () => {
  it('shows the line with a caret', () => {
    expect(renderDiagnostic(mistake, () => 'a: 1\nmsg: "{{ hv }}"\n')).to.equal(
      [
        "error: 'hv' is undefined [undefined-variable]",
        ' --> play.yml:2:8',
        '  |',
        '2 | msg: "{{ hv }}"',
        '  |        ^',
        '  = hint: set it',
      ].join('\n'),
    )
  })

  it('works without the file, and without a place', () => {
    expect(renderDiagnostic(mistake, () => undefined)).to.equal(
      "error: 'hv' is undefined [undefined-variable]\n --> play.yml:2:8\n  = hint: set it",
    )
    expect(renderDiagnostic({ severity: 'note', code: 'x', message: 'm' }, () => undefined)).to.equal('note: m [x]')
  })

  it('cuts long lines around the caret', () => {
    const lines = renderDiagnostic(
      { ...mistake, at: { ...at, column: 500 } },
      () => `\n${'x'.repeat(499)}Y${'z'.repeat(500)}`,
    ).split('\n')
    const caret = lines[4]!.indexOf('^')
    expect(lines[3]![caret]).to.equal('Y')
    expect(lines[3]!.length).to.be.lessThan(120)
  })

  it('lets no control character through', () => {
    expect(renderDiagnostic(mistake, () => 'a\n\x1b[31mred\x07')).to.not.match(/[\x1b\x07]/)
  })
})

describe('sortDiagnostics', () => {
  it('orders by place and drops doubles', () => {
    const later = { ...mistake, at: { ...at, line: 10 } }
    const note: Diagnostic = { ...mistake, severity: 'note', code: 'n' }
    expect(sortDiagnostics([later, note, mistake, { ...later }])).to.deep.equal([mistake, note, later])
  })
})

describe('didYouMean', () => {
  const cases: [string, string[], string | undefined][] = [
    ['addres', ['address', 'name'], 'address'],
    ['recieve', ['receive'], 'receive'],
    ['Name', ['name'], 'name'],
    ['x', ['y'], 'y'],
    ['zzz', ['address'], undefined],
    ['install_libvrit', ['install_libvirt', 'install_qemu'], 'install_libvirt'],
    ['a', [], undefined],
  ]
  for (const [word, candidates, expected] of cases) {
    it(`${word} → ${expected}`, () => expect(didYouMean(word, candidates)).to.equal(expected))
  }

  it('finds a word with one letter changed', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,20}$/), fc.nat(), (word, n) => {
        const i = n % word.length
        const typo = `${word.slice(0, i)}_${word.slice(i + 1)}`
        expect(didYouMean(typo, [word])).to.equal(word)
      }),
    )
  })
})
