import { expect } from 'chai'
import type { RunEvent } from '../../../core/events/types.ts'
import { finished, resultsOf } from './cli.ts'
import { openRunLab, type RunLab } from './lab.ts'

/* Who does what when: batches, budgets, rescue, delegation, run_once, and the strategies. */

describe('order and limits', () => {
  let lab: RunLab
  let a: string
  let b: string
  const gone = { ansible_host: '127.0.0.1', ansible_port: 9, ansible_ssh_retries: 0 }

  before(async () => {
    lab = await openRunLab()
    a = lab.machines[0].name
    b = lab.machines[1].name
  })
  after(() => lab.close())

  const play = (head: string, ...tasks: string[]): string =>
    [
      `- hosts: all`,
      '  gather_facts: false',
      ...head
        .split('\n')
        .filter(Boolean)
        .map((line) => `  ${line}`),
      '  tasks:',
    ]
      .concat(tasks.map((task) => `    - ${task}`))
      .join('\n')
  const batches = (events: readonly RunEvent[]): string[][] =>
    events.flatMap((e) => (e.event === 'batch_started' ? [e.hosts] : []))

  it('unreachable hosts count in the failure budget', async () => {
    const inventory = await lab.inventoryOf('budget.yml', { gone1: gone, gone2: gone, [a]: {}, [b]: {} })
    const { code, events } = await lab.work.events(
      inventory,
      play('max_fail_percentage: 49', 'command: uname', '{name: after, command: touch /tmp/over-budget}'),
    )
    expect(events.find((e) => e.event === 'diagnostic')).to.include({
      message: '2 of 4 hosts failed or could not be reached: more than max_fail_percentage allows (49 %)',
    })
    expect(resultsOf(events).has(`${a} after`)).to.equal(false)
    expect(code).to.equal(4)
  })

  it('a budget that is kept lets the others go on', async () => {
    const inventory = await lab.inventoryOf('budget.yml', { gone1: gone, [a]: {}, [b]: {} })
    const text = play('max_fail_percentage: 49', 'command: uname', '{name: after, command: uname}')
    const { events } = await lab.work.events(inventory, text)
    expect(resultsOf(events).get(`${a} after`)?.status).to.equal('changed')
  })

  it('serial makes batches, and a lost batch is the last', async () => {
    const inventory = await lab.inventoryOf('serial.yml', { gone1: gone, [a]: {}, [b]: {} })
    const fine = await lab.work.events(lab.inventory, play('serial: 50%', 'command: uname'))
    expect(batches(fine.events)).to.deep.equal([[a], [b]])
    const lost = await lab.work.events(inventory, play('serial: [1, 2]', 'command: uname'))
    expect(batches(lost.events)).to.deep.equal([['gone1']])
    expect(lost.code).to.equal(4)
  })

  it('any_errors_fatal stops the others', async () => {
    const failing = `{command: "false", when: inventory_hostname == '${a}'}`
    const { code, events } = await lab.work.events(
      lab.inventory,
      play('any_errors_fatal: true', failing, '{name: after, command: uname}'),
    )
    expect(resultsOf(events).has(`${b} after`)).to.equal(false)
    expect(code).to.equal(2)
  })

  it('rescue brings a host back, with what failed', async () => {
    const { code, events } = await lab.work.events(
      lab.inventory,
      play(
        '',
        `block: [{name: failing, command: 'test {{ inventory_hostname }} = ${b}'}, {name: rest, command: uname}]
      rescue: [{name: told, debug: {msg: "{{ ansible_failed_task.name }} {{ ansible_failed_result.rc }}"}}]
      always: [{name: always, command: uname}]`,
        '{name: after, command: uname}',
      ),
    )
    const results = resultsOf(events)
    expect(results.get(`${a} failing`)).to.include({ status: 'failed', rescued: true })
    expect(results.get(`${a} told`)?.message).to.equal('failing 1')
    expect(results.has(`${a} rest`)).to.equal(false)
    expect(results.has(`${b} told`)).to.equal(false)
    for (const host of [a, b])
      for (const name of ['always', 'after']) expect(results.get(`${host} ${name}`)?.status).to.equal('changed')
    expect(code).to.equal(0)
    expect(finished(events).stats[a]).to.include({ rescued: 1, failed: 0 })
  })

  it('delegated work is done there, run_once once, and the result is everybody’s', async () => {
    const { code, events } = await lab.work.events(
      lab.inventory,
      play(
        '',
        `{name: there, command: hostname, delegate_to: ${b}, register: there}`,
        '{name: once, command: hostname, run_once: true, register: once}',
        '{name: told, debug: {msg: "{{ there.stdout }} {{ once.stdout }}"}}',
      ),
    )
    const results = resultsOf(events)
    expect(results.get(`${a} there`)).to.include({ delegated_to: b })
    expect(results.has(`${b} once`)).to.equal(false)
    for (const host of [a, b]) expect(results.get(`${host} told`)?.message).to.equal(`${b} ${a}`)
    expect(code).to.equal(0)
  })

  it('linear waits for the slowest host, free does not', async () => {
    const tasks = [`{name: slow, shell: sleep 1, when: inventory_hostname == '${a}'}`, '{name: next, command: uname}']
    const order = async (head: string): Promise<string[]> => {
      const { events, code } = await lab.work.events(lab.inventory, play(head, ...tasks))
      expect(code).to.equal(0)
      return [...resultsOf(events).keys()].filter((key) => key === `${a} slow` || key === `${b} next`)
    }
    expect(await order('')).to.deep.equal([`${a} slow`, `${b} next`])
    expect(await order('strategy: free')).to.deep.equal([`${b} next`, `${a} slow`])
  })

  it('forks bound how many hosts are at work', async () => {
    const inventory = await lab.inventoryOf('two.yml', { [a]: {}, [b]: {} })
    const { events } = await lab.work.events(inventory, play('', 'command: sleep 0.3'), '-f', '1')
    const kinds = events.flatMap((e) => (e.event === 'host_started' || e.event === 'host_result' ? [e.event] : []))
    expect(kinds).to.deep.equal(['host_started', 'host_result', 'host_started', 'host_result'])
  })
})
