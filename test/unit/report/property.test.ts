import { expect } from 'chai'
import fc from 'fast-check'
import { type Json, runEvent } from '../../../core/events/index.ts'
import type { RunEvent } from '../../../core/events/types.ts'
import { say } from './replay.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc
    .array(
      fc.constantFrom(
        '\u001b[2J',
        '\u001b]0;x\u0007',
        '\r',
        '\n',
        '\t',
        '\u202e',
        '\u2028',
        '\u0000',
        '\ud800',
        'kvm',
        '01',
        '漢字',
        'é',
        '\u009b31m',
      ),
      { maxLength: 5 },
    )
    .map((parts) => parts.join('')),
)
const task = fc.constantFrom('t1', 't2', 't3')
const host = fc.oneof(fc.constantFrom('kvm1', 'kvm2', 'kvm10'), text)
const status = fc.constantFrom('ok', 'changed', 'skipped', 'failed', 'unreachable', 'cancelled', 'undecided')
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined })
const change = fc.record(
  {
    path: text,
    effect: fc.constantFrom('now', 'pending', 'action'),
    before: json,
    after: json,
    unknown: fc.boolean(),
    note: text,
  },
  { requiredKeys: ['path', 'effect'] },
)
const diff = fc.record({ header: text, before: text, after: text })
const outcome = {
  status,
  result: maybe(
    fc.dictionary(fc.oneof(text, fc.constantFrom('msg', 'stdout', 'stderr', 'rc', 'cmd')), json, {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
  changes: maybe(fc.array(change, { maxLength: 3 })),
  diff: maybe(fc.array(diff, { maxLength: 2 })),
  message: maybe(text),
}
const at = fc.record({ file: text, line: fc.constant(1), column: fc.constant(2) })
const stats = fc.record({
  ok: fc.nat(9),
  changed: fc.nat(9),
  failed: fc.nat(1),
  unreachable: fc.nat(1),
  skipped: fc.nat(9),
  rescued: fc.nat(9),
  ignored: fc.nat(9),
})
const event = <F extends Record<string, fc.Arbitrary<unknown>>>(name: string, fields: F) =>
  fc.record({ event: fc.constant(name), ...fields })

const events = fc.array(
  fc.oneof(
    event('run_started', { version: text, playbooks: fc.array(text), check: fc.boolean(), diff: fc.boolean() }),
    event('diagnostic', {
      severity: fc.constantFrom('error', 'warning', 'note'),
      code: text,
      message: text,
      at: maybe(at),
      hint: maybe(text),
    }),
    event('play_started', { play: text, name: text, hosts: fc.array(host), at: maybe(at) }),
    event('batch_started', { play: text, batch: fc.constantFrom(1, 2), hosts: fc.array(host) }),
    event('task_started', {
      task,
      play: text,
      name: text,
      role: maybe(text),
      module: fc.oneof(text, fc.constantFrom('debug', 'command')),
      handler: fc.boolean(),
      hosts: fc.nat(3),
    }),
    event('host_started', { task, host }),
    event('host_progress', { task, host, message: text, percent: maybe(fc.nat(100)) }),
    event('host_line', { task, host, stream: fc.constantFrom('stdout', 'stderr'), line: text }),
    event('host_item', { task, host, item: text, ...outcome }),
    event('host_retry', { task, host, attempt: fc.nat(3), retries: fc.nat(3) }),
    event('host_result', {
      task,
      host,
      ...outcome,
      duration_ms: fc.nat(99999),
      ignored: maybe(fc.boolean()),
      rescued: maybe(fc.boolean()),
      delegated_to: maybe(host),
    }),
    event('handler_notified', { task, host, handlers: fc.array(text) }),
    event('play_finished', { play: text }),
    event('interrupted', { level: fc.constantFrom(1, 2), waiting_for: fc.array(fc.record({ task, host })) }),
    event('run_finished', {
      stats: fc.dictionary(host, stats, { noNullPrototype: true }),
      undecided: fc.dictionary(host, fc.nat(3), { noNullPrototype: true }),
      exit_code: fc.nat(99),
      duration_ms: fc.nat(),
      stopped_at: maybe(text),
    }),
  ),
  { maxLength: 25 },
)

const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Cs}/u

describe('console report of any events', () => {
  it('never throws, and every line is printable', () => {
    fc.assert(
      fc.property(events, fc.nat(3), (bodies, verbosity) => {
        const whole = bodies.map((body, i) => {
          const fields = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
          return runEvent.parse({ ...fields, time: '2026-01-02T03:04:05.000Z', run: 'r', seq: i + 1 }) as RunEvent
        })
        expect(UNPRINTABLE.exec(say(whole, { verbosity }))).to.equal(null)
      }),
      { numRuns: 300 },
    )
  })
})
