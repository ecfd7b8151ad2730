import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { RunEvent } from '../../../core/events/index.ts'
import { play, program, runText } from './harness.ts'
import { acting, withModules } from './modules.ts'

/** Interrupts as soon as the event is seen, `times` times. */
async function interruptedAt(text: string, when: (event: RunEvent) => boolean, options: object = {}, times = 1) {
  const { InterruptController } = await program()
  const controller = new InterruptController()
  const events: RunEvent[] = []
  let seen = false
  const ran = await runText(text, {
    ...options,
    interrupts: controller,
    listeners: [
      (event) => {
        events.push(event)
        if (seen || !when(event)) return
        seen = true
        setTimeout(() => {
          for (let i = 0; i < times; i++) controller.interrupt()
        }, 400)
      },
    ],
  })
  const of = (name: string) => events.filter((one) => one.event === name)
  return { ...ran, events, of }
}

const running = (text: string): boolean => execFileSync('ps', ['axo', 'args'], { encoding: 'utf8' }).includes(text)
const startsAny = (event: RunEvent): boolean => event.event === 'host_started'

describe('an interrupt', () => {
  it('cuts a command, starts nothing new and says where it stopped', async () => {
    const started = Date.now()
    const ran = await interruptedAt(
      play('- {name: long, command: sleep 31.4}\n- {name: next, debug: {msg: no}}'),
      startsAny,
    )
    expect(Date.now() - started).to.be.lessThan(5000)
    expect(ran.exitCode).to.equal(99)
    expect(ran.of('host_result')).to.have.length(1)
    expect(ran.of('host_result')[0]).to.include({ status: 'cancelled' })
    expect(ran.of('run_finished')[0]).to.include({ exit_code: 99, stopped_at: "task 'long' on host h1" })
    await delay(700)
    expect(running('sleep 31.4')).to.equal(false)
  })

  it('lets finish what must not be cut, says what it waits for, and runs no handler after it', async () => {
    const log: string[] = []
    const slow = await acting(
      'slow',
      async (host) => {
        await delay(1200)
        log.push(host.signal.aborted ? 'cut' : 'whole')
        return {}
      },
      { shielded: true },
    )
    const text = `- hosts: h1\n  gather_facts: no\n  handlers: [{name: h, debug: {msg: x}}]\n  tasks:\n    - {name: packages, slow: {}, notify: h}\n    - {name: next, debug: {msg: x}}\n`
    const ran = await interruptedAt(text, startsAny, { registry: await withModules(slow) })
    expect(log).to.deep.equal(['whole'])
    const [told] = ran.of('interrupted')
    expect(told).to.deep.include({ level: 1, waiting_for: [{ task: 't1', host: 'h1' }] })
    expect(ran.of('host_result').map((one) => 'status' in one && one.status)).to.deep.equal(['changed'])
    const lost = ran.of('diagnostic')
    expect(JSON.stringify(lost)).to.contain('did not run')
    expect(ran.exitCode).to.equal(99)
  })

  it('twice, ends that too', async () => {
    const slow = await acting(
      'slow',
      async (host) => {
        await delay(20_000, undefined, { signal: host.signal })
        return {}
      },
      { shielded: true },
    )
    const ran = await interruptedAt(
      play('- {name: packages, slow: {}}'),
      startsAny,
      { registry: await withModules(slow) },
      2,
    )
    expect(ran.of('interrupted').map((one) => 'level' in one && one.level)).to.deep.equal([1, 2])
    expect(ran.of('host_result')[0]).to.include({ status: 'cancelled' })
  })

  it('ends waiting between retries and pauses of loops', async () => {
    for (const task of [
      '{name: t, command: "false", until: false, retries: 9, delay: 60}',
      '{name: t, debug: {msg: x}, loop: [1, 2], loop_control: {pause: 60}}',
    ]) {
      const ran = await interruptedAt(play(`- ${task}`), startsAny)
      expect(ran.exitCode, task).to.equal(99)
    }
  })
})
