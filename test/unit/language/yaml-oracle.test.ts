import { expect } from 'chai'
import fc from 'fast-check'
import { parseYaml, repr, toValue } from '../../../core/language/index.ts'
import { askPython } from './oracle/oracle.ts'

/** Our reading in Python's words, or `error`. */
function ours(text: string): string {
  const { root, diagnostics } = parseYaml(text, 'x.yml')
  if (diagnostics.some((d) => d.severity === 'error')) return 'error'
  return root ? repr(toValue(root)) : 'None'
}

function theirs(texts: readonly string[]): string[] {
  const answers = JSON.parse(askPython('pyyaml.py', JSON.stringify(texts), 'python3-yaml')) as string[]
  return answers.map((a) => (a.startsWith('error') ? 'error' : a))
}

const words = `yes no on off y n true false True FALSE Yes NO On OFF yEs null Null NULL ~ nil none None
  0 1 -1 +1 007 0644 0755 08 09 0o17 0x1F 0xfg 0b101 0b2 1_000 _1 1__0 1e3 1e+3 1.0e3 1.0e+3 1.e+3 .5 -.5 +.5 5. 1.10 .5e-3
  .inf -.inf +.INF .Inf .nan .NaN .NAN -.nan inf nan 1:30 22:22 22:60 1:30:00 190:20:30.15 1:3 01:30 -1:30 12345678901234567890
  -12345678901234567890 0x1FFFFFFFFFFFFFFFF 2026-01-01 2026-01-01T10:00:00Z 10.0.0.1 1.2.3 1,000 100% 1.0 -0 -0.0 0.0 00 0_1 +0x10
  - -a --- = <<a . .. ._ 1. 1._0 +.5e+1 9007199254740993 1e400 1.0e+400 1234.5e-2 0.1 123456789.123456789 ! a:b a::b ::`
  .split(/\s+/)
  .filter((w) => w !== '')

const documents = [
  'a: 1\nb: 2\n',
  'a: 1\na: 2\n',
  'base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\n  z: 4\n',
  'x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nm:\n  <<: [*x, *y]\n  c: 3\n',
  'm: {<<: {a: 1}, b: 2, <<: {c: 3}}\n',
  '"<<": {a: 1}\n',
  'a: &l [1, 2]\nb: *l\n',
  'on: 1\nyes: 2\n~: 3\n1: 4\n1.5: 5\n"on": 6\n',
  'a: |\n  one\n   two\n\n  three\n\n\nb: >\n  folded\n  text\n\n  par\n',
  'a: |-\n  x\nb: |+\n  y\n\nc: >-\n  z\n  w\n',
  'a: |2\n   x\n  y\n',
  "a: 'it''s'\nb: \"t\\tab \\x41 \\u263a \\\n  cont\"\n",
  'a: plain text\n  continued\n  twice\nb: x # comment\nc: x#no\n',
  '- a\n-\n  - b\n- - c\n  - d\n- k: v\n  l: w\n',
  'a:\n- 1\n- 2\nb:\n  - 3\n',
  '? complex\n: value\n',
  'a: [1, two, {x: y}, "q"]\nb: {a, b: , c: 1}\n',
  'a: !!str 12\nb: !!int "12"\nc: !!float 3\nd: !!bool "yes"\ne: !!null ""\n',
  'a: ! 12\n',
  'a: "yes"\nb: \'1\'\nc: |\n  1\n',
  '---\na: 1\n...\n',
  '# only a comment\n',
  '',
  'just text',
  '[]',
  '- [a, b]: c\n',
  '{a: b}: c\n',
  'a: {{ x }}\n',
  'a: b: c\n',
  'a:\n\t- b\n',
  'a: "x" y\n',
  'a: @b\n',
  'a: %b\n',
  'a: `b`\n',
  'a: [1, 2\nb: 3\n',
  'a: 1\n  b: 2\n',
  'a: *x\n',
  'a\nb: c\n',
  "a: 'it's'\n",
  'a: "\\d"\n',
  'a: !foo x\n',
  'a: !!python/object/apply:os.system [id]\n',
  '---\na: 1\n---\nb: 2\n',
  'a: x: y\n',
  '- a\nb: 1\n',
  'a: [x: 1, y]\n',
  'key:value\nb: c\n',
  'a: -\n',
  'a: 1\n\n\n\nb:\n\n  c: 2\n',
  'a: {x: 1,}\nb: [1,]\n',
  'a: \'\'\nb: ""\nc:\n',
  'été: ☃\n"k 1": 😀\n',
]

/** Where the two differ. */
function differences(texts: readonly string[]): { text: string; ours: string; theirs: string }[] {
  const answers = theirs(texts)
  return texts
    .map((text, i) => ({ text, ours: ours(text), theirs: answers[i]! }))
    .filter((answer) => answer.ours !== answer.theirs)
}

describe('yaml against PyYAML', () => {
  it('reads plain scalars alike', () => {
    expect(differences(words.map((w) => `v: ${w}\n`))).to.deep.equal([])
  })

  it('reads documents alike', () => {
    expect(differences(documents)).to.deep.equal([])
  })

  it('reads random plain scalars alike', () => {
    const scalar = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0123456789_.:+-xeEoOabfn~'), minLength: 1, maxLength: 8 }),
      fc.string({ unit: fc.constantFrom(...'01234567._:'), minLength: 1, maxLength: 12 }),
      fc.constantFrom(...words),
      fc.double().map(String),
      fc.bigInt().map(String),
    )
    const seed = Date.now()
    const scalars = fc.sample(scalar, { numRuns: 3000, seed })
    expect(differences(scalars.map((s) => `v: ${s}\n`)), `seed ${seed}`).to.deep.equal([])
  })
})
