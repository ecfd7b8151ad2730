import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { runEvent } from '../../../core/events/index.ts'
import { GOLDEN, recorded, recordings, say } from './replay.ts'

/** UPDATE_GOLDEN=1 writes what is said now; read it before it is kept. */
function compare(file: string, text: string): void {
  const path = join(GOLDEN, file)
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, text)
  expect(text).to.equal(existsSync(path) ? readFileSync(path, 'utf8') : undefined)
}

describe('console report', () => {
  for (const name of recordings()) {
    it(`says what is expected of the run '${name}'`, () => compare(`${name}.txt`, say(recorded(name))))
    it(`says more of '${name}' with -v`, () => compare(`${name}.verbose.txt`, say(recorded(name), { verbosity: 1 })))
    it(`was recorded from valid events: '${name}'`, () => {
      for (const event of recorded(name)) runEvent.parse(event)
    })
  }
})
