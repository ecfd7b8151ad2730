import { expect } from 'chai'
import { outcomeFields } from '../../../../core/engine/task/events.ts'
import type { Outcome } from '../../../../core/engine/task/outcome.ts'
import type { Json, JsonObject } from '../../../../core/events/json.ts'
import { fromJson } from '../../../../core/language/index.ts'

const MIB = 1024 * 1024

describe('what an event says of an outcome', () => {
  const fields = (json: JsonObject, more: Partial<Outcome> = {}) => {
    const outcome: Outcome = { status: 'changed', value: fromJson(null), json, changes: [], diff: [], ...more }
    return outcomeFields(outcome, false) as { result: Record<string, Json> }
  }

  it('leaves a small one as it is', () => {
    const json = { rc: 0, stdout: 'a', stdout_lines: ['a'], deep: { list: [1, null, true] } }
    const diff = [{ header: 'f', before: 'x', after: 'y' }]
    const change = { path: 'p', before: 1, after: 2, effect: 'now' as const, note: 'n' }
    expect(fields(json, { diff, changes: [change], message: 'm' })).to.deep.equal({
      status: 'changed',
      result: json,
      changes: [change],
      diff,
      message: 'm',
    })
  })
  it('cuts a long list, with a note', () => {
    const list = fields({ list: Array.from({ length: 5000 }, (_, i) => i) }).result.list as Json[]
    expect(list).to.have.length(1001)
    expect(list.slice(998)).to.deep.equal([998, 999, '… (5000 elements)'])
  })
  it('cuts a long text, with a note', () => {
    const text = fields({ stdout: 'x'.repeat(MIB) }).result.stdout as string
    expect(text).to.match(/^x{262144}… \(1048576 characters\)$/)
  })

  const long = 'x'.repeat(200_000)
  const many = (of: Json) => Array.from({ length: 900 }, () => of)
  const huge: Record<string, [JsonObject, Partial<Outcome>?]> = {
    texts: [{ list: many(long) }],
    'nested lists': [{ list: many(many(many(1))) }],
    keys: [Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`key number ${i}`, {}]))],
    'a key': [{ ['k'.repeat(3 * MIB)]: 1 }],
    changes: [
      {},
      { changes: Array.from({ length: 200 }, () => ({ path: long, before: long, effect: 'now' as const })) },
    ],
    'a diff': [{}, { diff: [{ header: 'f', before: long.repeat(10), after: long }] }],
    'a message': [{ stdout: long }, { message: long.repeat(20), diff: [{ header: long, before: long, after: long }] }],
  }
  for (const [name, [json, more]] of Object.entries(huge))
    it(`stays near 1 MiB whatever is in it: ${name}`, () => {
      const text = JSON.stringify(fields(json, more))
      expect(text.length).to.be.below(1.25 * MIB)
      expect(text).to.include('…')
    })
})
