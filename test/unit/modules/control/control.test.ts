import { expect } from 'chai'
import type { z } from 'zod'
import type { Json } from '../../../../core/events/json.ts'
import { type AnyModule, type ControlVariables, ModuleFailure } from '../../../../core/module/types.ts'
import add_host from '../../../../modules/control/add_host.ts'
import assert from '../../../../modules/control/assert.ts'
import debug from '../../../../modules/control/debug.ts'
import fail from '../../../../modules/control/fail.ts'
import group_by from '../../../../modules/control/group_by.ts'
import set_fact from '../../../../modules/control/set_fact.ts'

const VALUES: Record<string, Json> = {
  yes: true,
  no: false,
  'a in [1, 2]': true,
  list: [1],
  empty: [],
  zero: 0,
  text: 'x',
  nothing: null,
}

const variables = (verbosity: number): ControlVariables => ({
  evaluate: async (expression) => VALUES[expression] ?? null,
  verbosity,
  files: undefined as never,
})

async function decide(module: AnyModule, input: Json, verbosity = 0): Promise<unknown> {
  if (module.kind !== 'control') throw new Error('no control module')
  const parsed = (module.args as z.ZodType).safeParse(input)
  if (!parsed.success) return `refused: ${parsed.error.issues[0]?.message}`
  try {
    return await module.decide(variables(verbosity), parsed.data)
  } catch (error) {
    if (!(error instanceof ModuleFailure)) throw error
    return error.result === undefined ? `failed: ${error.message}` : { failed: error.message, ...error.result }
  }
}

const TABLE: readonly (readonly [AnyModule, Json, unknown, number?])[] = [
  [debug, {}, { changed: false, msg: 'Hello world!' }],
  [debug, { msg: 'hi' }, { changed: false, msg: 'hi' }],
  [debug, { msg: { a: [1] } }, { changed: false, msg: { a: [1] } }],
  [debug, { var: 'list' }, { changed: false, list: [1] }],
  [debug, { msg: 'a', var: 'b' }, 'refused: give msg or var, not both'],
  [
    debug,
    { msg: 'hi', verbosity: 2 },
    { changed: false, skipped: true, skipped_reason: 'verbosity threshold not met' },
    1,
  ],
  [debug, { msg: 'hi', verbosity: '2' }, { changed: false, msg: 'hi' }, 2],
  [fail, {}, 'failed: Failed as requested from task'],
  [fail, { msg: 'no /dev/kvm' }, 'failed: no /dev/kvm'],
  [assert, { that: 'yes' }, { changed: false, msg: 'All assertions passed' }],
  [assert, { that: 'a in [1, 2]' }, { changed: false, msg: 'All assertions passed' }],
  [assert, { that: ['yes', 'list', 'text', true], success_msg: 'fine' }, { changed: false, msg: 'fine' }],
  [
    assert,
    { that: ['yes', 'no'] },
    { failed: 'Assertion failed', assertion: 'no', evaluated_to: false, msg: 'Assertion failed' },
  ],
  [
    assert,
    { that: false, fail_msg: 'small' },
    { failed: 'small', assertion: false, evaluated_to: false, msg: 'small' },
  ],
  [
    assert,
    { that: 'empty', msg: 'old name' },
    { failed: 'old name', assertion: 'empty', evaluated_to: false, msg: 'old name' },
  ],
  [
    assert,
    { that: ['zero'] },
    { failed: 'Assertion failed', assertion: 'zero', evaluated_to: false, msg: 'Assertion failed' },
  ],
  [set_fact, { a: 1, b: ['x'] }, { changed: false, ansible_facts: { a: 1, b: ['x'] } }],
  [set_fact, { a: 1, cacheable: 'yes' }, { changed: false, ansible_facts: { a: 1 } }],
  [set_fact, {}, 'failed: no variable given'],
  [set_fact, { 'a-b': 1 }, "failed: 'a-b' is not a variable name"],
  [set_fact, { '9a': 1 }, "failed: '9a' is not a variable name"],
  [
    add_host,
    { name: 'kvm7', groups: 'a, b', ansible_host: '192.0.2.7' },
    { changed: true, add_host: { host_name: 'kvm7', groups: ['a', 'b'], host_vars: { ansible_host: '192.0.2.7' } } },
  ],
  [
    add_host,
    { hostname: 'kvm7', group: ['a'] },
    { changed: true, add_host: { host_name: 'kvm7', groups: ['a'], host_vars: {} } },
  ],
  [add_host, { groups: 'a' }, 'failed: name or hostname is needed'],
  [group_by, { key: 'os Debian 12' }, { changed: true, add_group: 'os-Debian-12', parent_groups: ['all'] }],
  [group_by, { key: 'x', parents: 'a b' }, { changed: true, add_group: 'x', parent_groups: ['a-b'] }],
  [group_by, { key: 'x', parents: ['a', 'b'] }, { changed: true, add_group: 'x', parent_groups: ['a', 'b'] }],
]

describe('control modules', () => {
  for (const [module, args, expected, verbosity] of TABLE) {
    it(`${module.name} ${JSON.stringify(args)}`, async () =>
      expect(await decide(module, args, verbosity)).to.deep.equal(expected))
  }
})
