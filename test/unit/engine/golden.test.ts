import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { runText } from './harness.ts'

const GOLDEN = join(import.meta.dirname, '../../golden/engine/events.ndjson')

const TEXT = `- name: golden
  hosts: h1,h2
  gather_facts: no
  handlers: [{name: handler, debug: {msg: handled}}]
  tasks:
    - {name: says, debug: {msg: "{{ inventory_hostname }}"}, changed_when: inventory_hostname == 'h1', notify: handler}
    - {name: loops, debug: {msg: "{{ item }}"}, loop: [a, b], when: item == 'a'}
    - block: [{name: fails, fail: {msg: no}, when: inventory_hostname == 'h2'}]
      rescue: [{name: saves, debug: {msg: saved}}]
    - {name: hides, debug: {msg: secret}, no_log: true}
    - {name: ignored, fail: {msg: never mind}, ignore_errors: yes, run_once: yes}
`

describe('the event stream of a run', () => {
  it('is what it was; UPDATE_GOLDEN=1 writes it anew', async () => {
    const ran = await runText(TEXT, { runId: 'golden', now: () => new Date(0), version: '0.0.0', forks: 1 })
    const text = ran.events.map((one) => `${JSON.stringify(one)}\n`).join('')
    const steady = text.replace(/"duration_ms":\d+/g, '"duration_ms":0').replace(/[^"]*\/virtfleet-play-\w+\//g, '')
    if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, steady)
    expect(existsSync(GOLDEN)).to.equal(true)
    expect(steady).to.equal(readFileSync(GOLDEN, 'utf8'))
  })
})
