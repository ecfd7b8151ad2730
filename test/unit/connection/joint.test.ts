import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { CommandTimeout, ConnectionError } from '../../../core/connection/errors.ts'
import { type JointRead, jointReads } from '../../../core/connection/joint.ts'
import { sh } from '../../../core/connection/quote.ts'
import type { CommandOptions, Shell } from '../../../core/connection/types.ts'

/** A shell that sends what was given in one tick, and answers with what `answer` says of a script. */
function shellOf(answer: (script: string) => string | Error): { shell: Shell; scripts: string[] } {
  const scripts: string[] = []
  const shell: Shell = {
    user: 'root',
    writes: 0,
    async run(script, { signal }: CommandOptions = {}) {
      await setImmediate()
      signal?.throwIfAborted()
      const { text } = typeof script === 'function' ? script() : script
      scripts.push(text)
      const said = answer(text)
      if (said instanceof Error) throw said
      return { status: 0, stdout: Buffer.from(said), stderr: Buffer.alloc(0), merged: false, durationMs: 0 }
    },
    close: async () => undefined,
  }
  return { shell, scripts }
}

const upper: JointRead<string, string> = {
  key: (item) => item,
  script: (items) => sh`up ${items}`,
  parse: ({ stdout }) =>
    stdout
      .toString()
      .split(' ')
      .map((word) => (word === 'BAD' ? new Error('bad') : word)),
  most: 3,
}
const up = (script: string): string => script.replace('up ', '').toUpperCase()
const never = new AbortController().signal

describe('looks that several take', () => {
  it('are one script for what is asked in one tick, each thing once', async () => {
    const { shell, scripts } = shellOf(up)
    const ask = (item: string) => jointReads(shell).ask(upper, item, never, {})
    expect(await Promise.all(['a', 'b', 'a'].map(ask))).to.deep.equal(['A', 'B', 'A'])
    expect(await ask('c')).to.equal('C')
    expect(scripts).to.deep.equal(['up a b', 'up c'])
  })

  it('take no more things than they may', async () => {
    const { shell, scripts } = shellOf(up)
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((item) => jointReads(shell).ask(upper, item, never, {})))
    expect(scripts).to.deep.equal(['up a b c', 'up d e'])
  })

  it('do not reach over a change', async () => {
    const { shell, scripts } = shellOf(up)
    const first = jointReads(shell).ask(upper, 'a', never, {})
    jointReads(shell).cut()
    const change = shell.run(sh`change`)
    const second = jointReads(shell).ask(upper, 'a', never, {})
    await Promise.all([first, change, second])
    expect(scripts).to.deep.equal(['up a', 'change', 'up a'])
  })

  it('give an error of one thing to those who asked for it', async () => {
    const { shell } = shellOf(up)
    const said = await Promise.allSettled(
      ['a', 'bad', 'b'].map((item) => jointReads(shell).ask(upper, item, never, {})),
    )
    expect(said.map((one) => (one.status === 'fulfilled' ? one.value : String(one.reason)))).to.deep.equal([
      'A',
      'Error: bad',
      'B',
    ])
  })

  it('are taken one by one where they fail together, unless the connection did', async () => {
    const slow = shellOf((script) => (/slow/.test(script) ? new CommandTimeout(1) : up(script)))
    const each = await Promise.allSettled(
      ['a', 'slow'].map((item) => jointReads(slow.shell).ask(upper, item, never, {})),
    )
    expect(each.map((one) => (one.status === 'fulfilled' ? one.value : one.reason))).to.deep.include('A')
    expect(each[1]).to.have.property('status', 'rejected')
    expect(slow.scripts).to.deep.equal(['up a slow', 'up a', 'up slow'])
    const lost = shellOf(() => new ConnectionError('lost', 'hv1', 'gone'))
    const none = await Promise.allSettled(['a', 'b'].map((item) => jointReads(lost.shell).ask(upper, item, never, {})))
    expect(none.map((one) => one.status)).to.deep.equal(['rejected', 'rejected'])
    expect(lost.scripts).to.have.lengthOf(1)
  })

  it('leave one who gives up, and end with the last', async () => {
    const { shell, scripts } = shellOf(up)
    const [one, other] = [new AbortController(), new AbortController()]
    const asked = [jointReads(shell).ask(upper, 'a', one.signal, {}), jointReads(shell).ask(upper, 'b', never, {})]
    one.abort(new Error('enough'))
    const said = await Promise.allSettled(asked)
    expect(said.map((answer) => answer.status)).to.deep.equal(['rejected', 'fulfilled'])
    const last = jointReads(shell).ask(upper, 'a', other.signal, {})
    other.abort(new Error('enough'))
    await last.catch(() => undefined)
    await setImmediate()
    expect(scripts).to.deep.equal(['up a b'])
  })

  it('send nothing for one who gave up before', async () => {
    const { shell, scripts } = shellOf(up)
    const over = AbortSignal.abort(new Error('enough'))
    const said = jointReads(shell).ask(upper, 'a', over, {})
    expect(await said.catch((error: Error) => error.message)).to.equal('enough')
    await setImmediate()
    await setImmediate()
    expect(scripts).to.deep.equal([])
  })
})
