import { expect } from 'chai'
import fc from 'fast-check'
import { createRedactor, mask, RedactingStream } from '../../../core/secrets/index.ts'

const secretText = fc.string({ minLength: 6, maxLength: 30 }).filter((s) => s.trim().length >= 4 && !s.includes('*'))
const forms: Record<string, (s: string) => string> = {
  plain: (s) => s,
  json: (s) => JSON.stringify({ key: s }),
  'json in json': (s) => JSON.stringify(JSON.stringify([s])),
  base64: (s) => Buffer.from(s).toString('base64'),
  url: (s) => `https://host/?password=${encodeURIComponent(s)}&x=1`,
  form: (s) => encodeURIComponent(s).replaceAll('%20', '+'),
  shell: (s) => `echo '${s.replaceAll("'", `'\\''`)}'`,
}
const shown: Record<string, (s: string) => string> = {
  ...forms,
  json: (s) => JSON.stringify(s).slice(1, -1),
  'json in json': (s) => JSON.stringify(JSON.stringify(s).slice(1, -1)).slice(1, -1),
  base64: (s) => Buffer.from(s).toString('base64').replace(/=+$/, ''),
  url: (s) => encodeURIComponent(s),
  shell: (s) => s.replaceAll("'", `'\\''`),
}

describe('redactor', () => {
  for (const [name, write] of Object.entries(forms)) {
    it(`hides a secret written as ${name}`, () => {
      fc.assert(
        fc.property(secretText, fc.string(), (secret, around) => {
          const redactor = createRedactor()
          if (redactor.add(secret) !== undefined) return
          const text = redactor.text(`${around}${write(secret)} end`)
          expect(text).to.include(mask)
          expect(text).not.to.include(shown[name]!(secret))
        }),
      )
    })
  }

  it('hides a secret inside a longer text that was encoded as base64', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 12, unit: 'grapheme-ascii' }),
        fc.string(),
        fc.string(),
        (secret, before, after) => {
          const redactor = createRedactor()
          if (redactor.add(secret) !== undefined) return
          expect(redactor.text(Buffer.from(before + secret + after).toString('base64'))).to.include(mask)
        },
      ),
    )
  })

  it('leaves nothing of overlapping secrets, and takes the longest', () => {
    const redactor = createRedactor()
    for (const secret of ['hunter', 'hunter22', 'r22secret']) redactor.add(secret)
    expect(redactor.text('a hunter22 b')).to.equal(`a ${mask} b`)
    expect(redactor.text('a hunter22secret b hunter!')).to.equal(`a ${mask} b ${mask}!`)
  })

  it('hides each line of a secret over several lines', () => {
    const redactor = createRedactor()
    redactor.add('-----BEGIN OPENSSH PRIVATE KEY-----\nAAAAB3Nza\n  indented\nab\n-----END OPENSSH PRIVATE KEY-----\n')
    expect(redactor.text('x AAAAB3Nza y')).to.equal(`x ${mask} y`)
    expect(redactor.text('indented')).to.equal(mask)
    expect(redactor.text('ab -----BEGIN OPENSSH PRIVATE KEY-----')).to.equal('ab -----BEGIN OPENSSH PRIVATE KEY-----')
  })

  it('refuses what would blacken ordinary output, and says why without saying what', () => {
    const redactor = createRedactor()
    expect(redactor.add('abc')).to.match(/too short/)
    expect(redactor.add('True')).to.match(/common word/)
    expect(redactor.add('')).to.equal(undefined)
    expect(redactor.text('abc True')).to.equal('abc True')
  })

  it('redacts JSON: strings, keys, and numbers that are a secret', () => {
    const redactor = createRedactor()
    redactor.add('s3cret-word')
    redactor.add('12345678')
    const value = { list: ['my s3cret-word', 12345678, 7, null, true], 's3cret-word': { __proto__: 'x' } }
    expect(redactor.json(value)).to.deep.equal({ list: [`my ${mask}`, mask, 7, null, true], [mask]: {} })
  })

  it('gives the same whatever the pieces are in which a text comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 4, maxLength: 8, unit: fc.constantFrom('a', 'b', 'c', 'd') }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.string({ maxLength: 60, unit: fc.constantFrom('a', 'b', 'c', 'd', ' ', '\n') }),
        fc.array(fc.nat(10)),
        (secrets, text, cuts) => {
          const redactor = createRedactor()
          for (const secret of secrets) redactor.add(secret)
          const stream = new RedactingStream(redactor)
          let out = ''
          let at = 0
          for (const cut of cuts) {
            out += stream.push(text.slice(at, at + cut))
            at += cut
          }
          out += stream.push(text.slice(at)) + stream.end()
          expect(out).to.equal(redactor.text(text))
        },
      ),
    )
  })

  it('is fast with many secrets', () => {
    const redactor = createRedactor()
    for (let i = 0; i < 2000; i++) redactor.add(`secret-number-${i * 7919}`)
    const text = 'ordinary output of some command, line after line\n'.repeat(20_000)
    const start = performance.now()
    expect(redactor.text(text)).to.equal(text)
    expect(performance.now() - start).to.be.below(500)
  })
})
