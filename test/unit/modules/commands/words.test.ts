import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import fc from 'fast-check'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { splitWords } from '../../../../modules/commands/words.ts'

const PYTHON = `import json, shlex, sys
def split(text):
    try:
        return shlex.split(text)
    except ValueError:
        return None
print(json.dumps([split(text) for text in json.load(sys.stdin)]))`

const ask = (texts: readonly string[]): (string[] | null)[] =>
  JSON.parse(execFileSync('/usr/bin/python3', ['-c', PYTHON], { input: JSON.stringify(texts), encoding: 'utf8' })) as (
    | string[]
    | null
  )[]

function ours(text: string): string[] | null {
  try {
    return splitWords(text)
  } catch (error) {
    if (!(error instanceof ModuleFailure)) throw error
    return null
  }
}

const FIXED = [
  '',
  ' ',
  'a b',
  `a "b c"`,
  `a 'b "c'`,
  `a\\ b`,
  `""`,
  `a""b`,
  `"a\\"b"`,
  `"a\\nb"`,
  `'a\\'`,
  `a \\`,
  `"a`,
  `a # b`,
  `a\tb\nc`,
  `é"ü ö"`,
  'a\u00a0b',
  'a\u000bb',
]

describe('splitWords', () => {
  it("splits as Python's shlex does", () => {
    const text = fc.array(
      fc.constantFrom('a', 'b', ' ', '"', "'", '\\', '\n', '\t', '$x', '#', 'é', '=', '{', '\u00a0', '\r'),
      { maxLength: 12 },
    )
    const texts = [...FIXED, ...fc.sample(text, 1500).map((parts) => parts.join(''))]
    const expected = ask(texts)
    for (const [i, one] of texts.entries()) expect(ours(one), JSON.stringify(one)).to.deep.equal(expected[i])
  })
})
