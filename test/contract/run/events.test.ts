import { readFileSync } from 'node:fs'
import Ajv from 'ajv/dist/2020.js'
import { expect } from 'chai'
import type { RunEvent } from '../../../core/events/types.ts'
import { finished } from './cli.ts'
import { openRunLab, type RunLab } from './lab.ts'

/* A run in which everything happens once, as its events. */

const RICH = `
- name: everything on {{ who }}
  hosts: all
  vars: {who: all}
  max_fail_percentage: 90
  handlers:
    - {name: told, debug: msg=told}
  pre_tasks:
    - {name: ping, ping: }
  tasks:
    - command: echo {{ item }}
      loop: [a, b]
      register: said
      notify: told
    - debug: {msg: "{{ said.results | map(attribute='stdout') | list }}"}
    - copy: {content: "x\\ny\\n", dest: /root/events-file}
    - copy: {content: "x\\nz\\n", dest: /root/events-file}
    - {stat: path=/root/events-file, register: found, no_log: true}
    - {debug: msg=skipped, when: not found.stat.exists}
    - {command: "false", ignore_errors: true}
    - block:
        - {fail: msg=rescued}
      rescue:
        - {debug: var=ansible_failed_task.name}
      always:
        - {debug: msg=always}
    - {shell: 'test -e /root/events-tries || { touch /root/events-tries; false; }', register: tries, retries: 2, delay: 0, until: tries.rc == 0}
    - {command: hostname, delegate_to: "{{ groups.all | last }}", run_once: true}
    - {include_tasks: more.yml}
    - {debug: msg=undefined_here, when: "inventory_hostname != groups.all[0]", register: last}
    - {fail: {msg: at last}, when: "inventory_hostname == groups.all[0]"}
    - {debug: msg=after}
- hosts: nobody
  tasks: []
`

describe('events of a run', () => {
  let lab: RunLab
  let events: RunEvent[]
  let code: number

  before(async () => {
    lab = await openRunLab()
    const [first, second] = lab.machines
    await lab.work.file('more.yml', '- debug: msg=more\n')
    for (const host of [first, second]) await lab.native(host, 'rm -f /root/events-*')
    const inventory = await lab.inventoryOf('three.yml', {
      gone: { ansible_host: '127.0.0.1', ansible_port: 9, ansible_ssh_retries: 0 },
      [first.name]: {},
      [second.name]: {},
    })
    ;({ code, events } = await lab.work.events(inventory, RICH.replaceAll('groups.all[0]', 'groups.all[1]'), '--diff'))
  })
  after(() => lab.close())

  it('each fits the published schema', () => {
    const schema = JSON.parse(
      readFileSync(new URL('../../../docs/schemas/events.schema.json', import.meta.url), 'utf8'),
    )
    const validate = new Ajv.default({ strict: false, allErrors: true }).compile(schema)
    const wrong = events.filter((one) => !validate(one)).map((one) => [one, validate.errors])
    expect(wrong).to.deep.equal([])
    expect(validate({ ...events[0], surplus: 1 })).to.equal(false)
  })

  it('are numbered without a gap, in one run, in order of time', () => {
    expect(events.map((one) => one.seq)).to.deep.equal(events.map((_, i) => i + 1))
    expect(new Set(events.map((one) => one.run)).size).to.equal(1)
    const times = events.map((one) => one.time)
    expect([...times].sort()).to.deep.equal(times)
  })

  it('have every kind that such a run can have', () => {
    const kinds = new Set(events.map((one) => one.event))
    for (const kind of [
      ...['run_started', 'play_started', 'batch_started', 'task_started', 'host_started', 'host_result', 'host_item'],
      ...['host_retry', 'handler_notified', 'play_finished', 'diagnostic', 'run_finished'],
    ] as const)
      expect([...kinds]).to.include(kind)
    const states = new Set(events.flatMap((one) => (one.event === 'host_result' ? [one.status] : [])))
    expect([...states].sort()).to.deep.equal(['changed', 'failed', 'ok', 'skipped', 'unreachable'])
  })

  it('end with the counters of every host', () => {
    const [first, second] = lab.machines
    const { stats, exit_code } = finished(events)
    expect(exit_code).to.equal(code)
    expect(code).to.equal(4)
    expect(Object.keys(stats).sort()).to.deep.equal([first.name, second.name, 'gone'].sort())
    for (const one of Object.values(stats))
      expect(Object.keys(one).sort()).to.deep.equal(
        ['ok', 'changed', 'failed', 'unreachable', 'skipped', 'rescued', 'ignored'].sort(),
      )
    expect(stats.gone).to.include({ ok: 0, failed: 0, unreachable: 1 })
    expect(stats[first.name]).to.include({ failed: 1, unreachable: 0, rescued: 1, ignored: 1 })
    expect(stats[second.name]).to.include({ failed: 0, unreachable: 0, rescued: 1, ignored: 1 })
  })

  it('every host_started has its host_result', () => {
    const key = (one: { task: string; host: string }): string => `${one.task} ${one.host}`
    const begun = events.flatMap((one) => (one.event === 'host_started' ? [key(one)] : []))
    const ended = events.flatMap((one) => (one.event === 'host_result' ? [key(one)] : []))
    expect(ended.sort()).to.deep.equal(begun.sort())
  })
})
