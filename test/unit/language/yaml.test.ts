import { expect } from 'chai'
import {
  DiagnosticError,
  Float,
  mapGet,
  parseYaml,
  parseYamlDocuments,
  Template,
  toValue,
  toVariables,
  type Value,
} from '../../../core/language/index.ts'

function value(text: string): Value {
  const { root, diagnostics } = parseYaml(text, 'x.yml')
  expect(diagnostics.filter((d) => d.severity === 'error')).to.deep.equal([])
  return root ? toValue(root) : null
}

/** `code line:column` of each diagnostic. */
function problems(text: string): string[] {
  return parseYaml(text, 'x.yml').diagnostics.map((d) => `${d.code} ${d.at?.line}:${d.at?.column}`)
}

describe('parseYaml', () => {
  const scalars: [string, Value][] = [
    ['yes', true],
    ['No', false],
    ['y', 'y'],
    ['0644', 420],
    ['0o17', '0o17'],
    ['1:30', 90],
    ['1_000', 1000],
    ['1e3', '1e3'],
    ['12345678901234567890', 12345678901234567890n],
    ['2026-01-01', '2026-01-01'],
    ['1.5', 1.5],
    ["'yes'", 'yes'],
    ['~', null],
  ]
  for (const [source, expected] of scalars) {
    it(`reads ${source}`, () => expect(value(`v: ${source}`)).to.deep.equal(new Map([['v', expected]])))
  }

  it('reads floats that are integral or infinite as Float', () => {
    expect(value('[1.0e+3, .inf, 2.0]')).to.deep.equal([new Float(1000), new Float(Infinity), new Float(2)])
  })

  it('keeps the text and the style of a scalar', () => {
    const { root } = parseYaml('mode: 0644\nq: "a"\nl: |\n  x\n', 'x.yml')
    if (root?.kind !== 'mapping') throw new Error('no mapping')
    expect(mapGet(root, 'mode')?.value).to.include({ source: '0644', value: 420, style: 'plain' })
    expect(mapGet(root, 'q')?.value).to.include({ style: 'double', value: 'a' })
    expect(mapGet(root, 'l')?.value).to.include({ style: 'literal', value: 'x\n' })
    expect(mapGet(root, 'none')).to.equal(undefined)
  })

  it('gives positions', () => {
    const { root } = parseYaml('a:\n  - b: c\n', 'x.yml')
    if (root?.kind !== 'mapping') throw new Error('no mapping')
    const list = mapGet(root, 'a')!.value
    if (list.kind !== 'sequence') throw new Error('no list')
    expect(list.items[0]!.at).to.deep.equal({ file: 'x.yml', line: 2, column: 5 })
  })

  it('makes templates of strings with marks, whatever their quotes, and of no others', () => {
    const dict = value('a: "{{ x }}"\nb: x {% if %}\nc: |\n  {# c #}\nd: "{ x }"\n"{{ k }}": 1\n') as Map<string, Value>
    expect([...dict].map(([k, v]) => [k, v instanceof Template])).to.deep.equal([
      ['a', true],
      ['b', true],
      ['c', true],
      ['d', false],
      ['{{ k }}', false],
    ])
  })

  it('never makes a template of !unsafe, however deep', () => {
    expect(value('a: !unsafe "{{ x }}"\nb: !unsafe [{c: "{{ y }}"}]\n')).to.deep.equal(
      new Map<string, Value>([
        ['a', '{{ x }}'],
        ['b', [new Map([['c', '{{ y }}']])]],
      ]),
    )
  })

  it('opens !vault through decrypt, and keeps what is inside as data', () => {
    const { root } = parseYaml('a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n', 'x.yml')
    const seen: string[] = []
    const decrypt = (text: string) => {
      seen.push(text)
      return '{{ secret }}'
    }
    expect(toValue(root!, { decrypt })).to.deep.equal(new Map([['a', '{{ secret }}']]))
    expect(seen).to.deep.equal(['$ANSIBLE_VAULT;1.1;AES256\n6162\n'])
    expect(() => toValue(root!)).to.throw(DiagnosticError, 'no vault password')
  })

  it('reads several documents', () => {
    expect(parseYamlDocuments('---\na: 1\n---\n- b\n', 'x.yml').map((d) => toValue(d.root!))).to.deep.equal([
      new Map([['a', 1]]),
      ['b'],
    ])
    expect(problems('---\na: 1\n---\n- b\n')).to.deep.equal(['yaml-documents 4:1'])
  })

  const mistakes: [string, string[]][] = [
    ['msg: {{ x }}\nb: 1\n', ['yaml-unquoted-template 1:6']],
    ['- {{ x }}/foo\n', ['yaml-unquoted-template 1:3']],
    ['- name: a\n  path: {{ x }}/foo\n', ['yaml-unquoted-template 2:9']],
    ['a:\n\t- b\n', ['yaml-syntax 2:1']],
    ['a: b: c\n', ['yaml-syntax 1:4']],
    ['a: 1\na: 2\n', ['yaml-duplicate-key 2:1']],
    ['a: !vualt x\n', ['yaml-tag 1:11']],
    ['a: *b\n', ['yaml-alias 1:4']],
    ['a: &a [*a]\n', ['yaml-alias 1:8']],
    [
      'a: 0644\nb: 1:30\nc: 1.10\non: 1\n',
      ['yaml-surprise 1:4', 'yaml-surprise 2:4', 'yaml-surprise 3:4', 'yaml-surprise 4:1'],
    ],
    ['mode: 0644\n', []],
    ['become: yes\n', []],
    ['{a: b}: c\n', ['yaml-key 1:1']],
    ['x: {<<: [1]}\n', ['yaml-merge 1:10']],
    ['a: 1\nb: "open\nc: 2\n', ['yaml-syntax 2:4']],
    ['- hosts: all\n tasks:\n  - x: 1\n', ['yaml-syntax 2:1']],
  ]
  for (const [text, expected] of mistakes) {
    it(`reports ${JSON.stringify(text)}`, () => expect(problems(text)).to.deep.equal(expected))
  }

  it('reports independent mistakes together, and none that only follows from another', () => {
    expect(problems('a: @x\nb: 1\nc: `y`\nd: 2\ne: "q" z\n')).to.deep.equal([
      'yaml-syntax 1:4',
      'yaml-syntax 3:4',
      'yaml-syntax 5:8',
    ])
  })

  it('does not write out an alias bomb', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 1; i < 10; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      )
    expect(problems(lines.join('\n'))[0]).to.match(/^yaml-too-large/)
  })

  it('bounds the depth', () => {
    expect(problems('['.repeat(300) + ']'.repeat(300))[0]).to.match(/^yaml-too-deep/)
    expect(problems('['.repeat(100_000))).to.have.length.greaterThan(0)
  })
})

describe('toVariables', () => {
  it('takes a mapping of names', () => {
    expect(toVariables(parseYaml('a: 1\n', 'x').root)).to.deep.equal(new Map([['a', 1]]))
    expect(toVariables(parseYaml('', 'x').root)).to.deep.equal(new Map())
  })

  it('refuses lists and names that are no text', () => {
    expect(() => toVariables(parseYaml('- a\n', 'x').root)).to.throw(DiagnosticError, 'must be a mapping')
    expect(() => toVariables(parseYaml('1: a\n', 'x').root)).to.throw(DiagnosticError, 'must be text, not 1')
  })
})
