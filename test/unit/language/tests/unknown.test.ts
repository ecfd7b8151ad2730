import { expect } from 'chai'
import { UnknownValueError } from '../../../../core/language/errors.ts'
import { builtinFilters } from '../../../../core/language/filters/index.ts'
import { compileExpression, defaultEnvironment, repr } from '../../../../core/language/index.ts'
import { builtinTests } from '../../../../core/language/tests/index.ts'
import { Unknown, type Value } from '../../../../core/language/values.ts'

const at = { file: 'x', line: 1, column: 1 }
const unknown = new Unknown('create it', 'result.stdout')
const variables = new Map<string, Value>([
  ['u', unknown],
  ['list', [1, unknown]],
  ['result', new Map<string, Value>([['changed', unknown]])],
])

function ask(source: string): Value {
  const scope = {
    get: (n: string) => variables.get(n),
    names: () => variables.keys(),
    environment: defaultEnvironment(),
  }
  return compileExpression(source, at).evaluate(scope)
}

describe('values that are not known', () => {
  const touching = [
    'u is defined',
    'u is undefined',
    'u is none',
    'u is string',
    'u is sameas none',
    'u is changed',
    'result is changed',
    "u | default('x')",
    'u | length',
    'u | string',
    'u | bool',
    'u | to_json',
    'list | to_json',
    "list | join(',')",
    'list | sum',
    'u | ternary(1, 2)',
    'list | select',
    'u.x is defined',
    'u == 1',
    "{'a': u} | to_nice_yaml",
    '2 in list',
    'list | max',
  ]
  for (const source of touching)
    it(`stop ${source}`, () => expect(() => ask(source)).to.throw(UnknownValueError, /create it/))

  it('do not stop what does not look at them', () => {
    expect(ask('list | length')).to.equal(2)
    expect(ask('list | first')).to.equal(1)
    expect(ask('1 if true else u')).to.equal(1)
  })
})

describe('the registries', () => {
  it('have names with and without their collection', () => {
    for (const name of [
      'combine',
      'ansible.builtin.combine',
      'ansible.utils.ipaddr',
      'ansible.netcommon.ipaddr',
      'community.general.random_mac',
    ]) {
      expect(builtinFilters.has(name), name).to.equal(true)
    }
    expect(builtinTests.has('ansible.builtin.version')).to.equal(true)
  })

  it('name arguments that a function does not take', () => {
    expect(() => ask("'a' | indent(wide=2)")).to.throw(/indent\(\) got an unexpected keyword argument 'wide'/)
    expect(() => ask("'a' | replace('b')")).to.throw(/replace\(\) missing 1 required argument: 'new'/)
    expect(() => ask("'1' is version('2', foo='x')")).to.throw(/unexpected keyword argument 'foo'/)
  })
})

describe('what could take the memory of the controller', () => {
  for (const source of [
    "'a' * 10 ** 9",
    '[0] * 10 ** 9',
    '10 ** (10 ** 8)',
    "'a' | center(10 ** 9)",
    "'%999999999d' % 1",
    "'{:>999999999}'.format(1)",
    'range(100) | list | permutations(9) | list',
    "'a'.ljust(10 ** 9)",
  ]) {
    it(source, () => expect(() => repr(ask(source))).to.throw(/longer than|too large|too big|too many|combinations/))
  }
})
