import { expect } from 'chai'
import { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'
import { aliasesOf } from '../../../core/module/arguments-object.ts'

const REFUSED = Symbol('refused')

/** Input, and what becomes of it. */
const TABLE: Readonly<Record<string, readonly [z.ZodType, readonly (readonly [unknown, unknown])[]]>> = {
  str: [
    arg.str(),
    [
      ['a', 'a'],
      ['', ''],
      [8080, '8080'],
      [true, 'True'],
      [false, 'False'],
      [['a'], REFUSED],
      [{ a: 1 }, REFUSED],
    ],
  ],
  name: [
    arg.name(),
    [
      ['a', 'a'],
      ['', REFUSED],
      [7, '7'],
    ],
  ],
  path: [
    arg.path(),
    [
      ['/etc', '/etc'],
      ['etc', REFUSED],
      ['', REFUSED],
    ],
  ],
  bool: [
    arg.bool(),
    [
      ...['yes', 'on', '1', 'true', 't', 'y', 'YES', 'True', ' on '].map((text) => [text, true] as const),
      ...['no', 'off', '0', 'false', 'f', 'n', 'NO', 'False'].map((text) => [text, false] as const),
      [1, true],
      [0, false],
      [2, REFUSED],
      ['maybe', REFUSED],
      ['', REFUSED],
      [[], REFUSED],
    ],
  ],
  int: [
    arg.int(),
    [
      [5, 5],
      ['5', 5],
      [' -5 ', -5],
      ['+7', 7],
      ['5.5', REFUSED],
      [5.5, REFUSED],
      ['0x10', REFUSED],
      ['', REFUSED],
    ],
  ],
  float: [
    arg.float(),
    [
      [1.5, 1.5],
      ['1.5', 1.5],
      ['1e3', 1000],
      ['', REFUSED],
      ['one', REFUSED],
    ],
  ],
  'list of str': [
    arg.list(arg.str()),
    [
      [
        ['a', 1],
        ['a', '1'],
      ],
      ['a,b', ['a', 'b']],
      ['a, b', ['a', 'b']],
      ['', []],
      [5, ['5']],
    ],
  ],
  'one or more': [
    arg.oneOrMore(arg.str()),
    [
      ['a in [1, 2]', ['a in [1, 2]']],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
    ],
  ],
  mode: [
    arg.mode(),
    [
      [0o644, '0644'],
      [0o1777, '01777'],
      ['0644', '0644'],
      ['644', '644'],
      ['0o644', '0o644'],
      ['u=rw,go=r', 'u=rw,go=r'],
      ['u+x-w,g=u', 'u+x-w,g=u'],
      ['+X', '+X'],
      ['a=', 'a='],
      ['o644', REFUSED],
      ['77777', REFUSED],
      ['0888', REFUSED],
      ['u=z', REFUSED],
      ['u', REFUSED],
      [-1, REFUSED],
      [6.5, REFUSED],
      ['', REFUSED],
    ],
  ],
  choice: [
    arg.choice('present', 'absent'),
    [
      ['present', 'present'],
      ['gone', REFUSED],
      [true, REFUSED],
    ],
  ],
  'choice with a word that YAML reads as boolean': [
    arg.choice('on', 'off', 'auto'),
    [
      [true, 'on'],
      [false, 'off'],
      ['auto', 'auto'],
    ],
  ],
  raw: [
    arg.raw(),
    [
      [{ a: [1, null] }, { a: [1, null] }],
      ['{{', '{{'],
    ],
  ],
}

describe('arg', () => {
  for (const [name, [schema, rows]] of Object.entries(TABLE)) {
    it(`takes for ${name} what Ansible takes`, () => {
      for (const [input, expected] of rows) {
        const parsed = schema.safeParse(input)
        expect(parsed.success ? parsed.data : REFUSED, JSON.stringify(input)).to.deep.equal(expected)
      }
    })
  }

  describe('object', () => {
    const schema = arg
      .object(
        { path: arg.path(), mode: arg.mode().optional(), backup: arg.bool().default(false) },
        { aliases: { dest: 'path', name: 'path' } },
      )
      .refine((a) => a.mode !== '0000', { message: 'locked out' })

    it('knows other names of arguments, also after a refinement', () => {
      expect(schema.parse({ dest: '/x' })).to.deep.equal({ path: '/x', backup: false })
      expect(aliasesOf(schema)).to.deep.equal({ dest: 'path', name: 'path' })
      expect(schema instanceof z.ZodObject).to.equal(true)
    })
    it('takes the argument by its own name before any other', () =>
      expect(schema.parse({ dest: '/x', path: '/y' })).to.have.property('path', '/y'))
    it('takes null for not given', () => {
      expect(schema.parse({ path: '/x', mode: null, backup: null })).to.deep.equal({ path: '/x', backup: false })
      expect(schema.safeParse({ path: null }).success).to.equal(false)
    })
    it('refuses unknown names and two other names for one thing', () => {
      expect(schema.safeParse({ path: '/x', pth: '/y' }).error?.issues[0]).to.include({ code: 'unrecognized_keys' })
      expect(schema.safeParse({ dest: '/x', name: '/y' }).error?.issues[0]).to.include({ code: 'unrecognized_keys' })
    })
    it('leaves what it was given alone', () => {
      const given = { dest: '/x', mode: null }
      schema.parse(given)
      expect(given).to.deep.equal({ dest: '/x', mode: null })
    })
  })
})
