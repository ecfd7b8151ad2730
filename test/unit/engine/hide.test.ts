import { expect } from 'chai'
import { hideValues } from '../../../core/engine/task/hide.ts'
import { createRedactor } from '../../../core/secrets/index.ts'

describe('engine: what no_log hides', () => {
  const hidden = (value: Parameters<typeof hideValues>[0], text: string): string => {
    const redactor = createRedactor()
    hideValues(value, redactor)
    return redactor.text(text)
  }

  for (const [name, value, text, shown] of [
    ['texts of arguments', { content: 'hunter2hunter2' }, 'a hunter2hunter2 b', 'a ******** b'],
    ['each line', { stdout: 'one-secret\ntwo-secret\n' }, 'two-secret', '********'],
    ['in lists and dictionaries', { a: [{ b: 'deep-secret' }] }, 'deep-secret', '********'],
    ['not states and modes', { state: 'directory', mode: '0600' }, 'directory 0600', 'directory 0600'],
    ['not paths of a task', { dest: '/etc/app/token', content: 'x' }, '/etc/app/token', '/etc/app/token'],
    ['not short texts', { stdout: 'running' }, 'running', 'running'],
    ['not our own words', { msg: 'non-zero return code' }, 'non-zero return code', 'non-zero return code'],
  ] as const) {
    it(name, () => expect(hidden(value as never, text)).to.equal(shown))
  }
})
