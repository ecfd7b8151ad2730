import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv2020 from 'ajv/dist/2020.js'
import { expect } from 'chai'
import { EventStream, type RunEvent } from '../../../core/events/index.ts'
import { recorded, recordings } from '../report/replay.ts'

const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../docs/schemas/events.schema.json'), 'utf8'),
) as object
const validate = new Ajv2020.default({ allErrors: true }).compile(schema)

const stats = { ok: 1, changed: 0, failed: 0, unreachable: 0, skipped: 0, rescued: 0, ignored: 0 }

describe('events.schema.json', () => {
  for (const name of recordings()) {
    it(`accepts every event of the run '${name}'`, () => {
      for (const event of recorded(name)) expect(validate(event), JSON.stringify(validate.errors)).to.equal(true)
    })
  }

  it('accepts what the stream makes of any body', () => {
    const seen: RunEvent[] = []
    const stream = new EventStream({
      run: 'r',
      listeners: [(event) => seen.push(event)],
      redaction: { json: (value) => value },
      now: () => new Date(0),
    })
    stream.emit({ event: 'host_retry', task: 't', host: 'h', attempt: 1, retries: 3 })
    stream.emit({ event: 'handler_notified', task: 't', host: 'h', handlers: ['x'] })
    stream.emit({ event: 'host_line', task: 't', host: 'h', stream: 'stderr', line: '' })
    stream.emit({ event: 'run_finished', stats: { h: stats }, undecided: { h: 1 }, exit_code: 0, duration_ms: 1 })
    for (const event of seen) expect(validate(event), JSON.stringify(validate.errors)).to.equal(true)
    expect(seen.map((event) => event.seq)).to.deep.equal([1, 2, 3, 4])
  })

  for (const [title, event] of [
    ['an unknown event', { event: 'boom', time: '', run: '', seq: 1 }],
    ['an unknown field', { event: 'play_finished', time: '', run: '', seq: 1, play: 'p', more: 1 }],
    ['a missing field', { event: 'play_finished', time: '', run: '', seq: 1 }],
    [
      'a status that does not exist',
      { event: 'host_result', time: '', run: '', seq: 1, task: 't', host: 'h', status: 'fine', duration_ms: 1 },
    ],
  ] as const)
    it(`refuses ${title}`, () => expect(validate(event)).to.equal(false))
})
