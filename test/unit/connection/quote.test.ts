import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import { quote, sh } from '../../../core/connection/quote.ts'

const said = (script: string): string => execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })

describe('connection: quoting', () => {
  it('gives any word back as one argument', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((w) => !w.includes('\0'))
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const out = said(sh`for w in ${words}; do printf '%s\\036' "$w"; done`.text.replace('\\\\036', '\\036'))
        expect(out).to.equal(words.map((w) => `${w}\x1e`).join(''))
      }),
      { numRuns: 60 },
    )
  })

  it('refuses a NUL byte', () => {
    expect(() => quote('a\0b')).to.throw(RangeError)
  })

  it('takes shell text as it is, and joins arguments', () => {
    expect(sh`a ${sh`b ${'c d'}`} ${['e', 'f g', 1]}`.text).to.equal("a b 'c d' e 'f g' 1")
    expect(sh.argv(['ls', '-l', "it's"]).text).to.equal(`ls -l 'it'\\''s'`)
    expect(sh.join([sh`a`, sh`b`], ' && ').text).to.equal('a && b')
  })
})
