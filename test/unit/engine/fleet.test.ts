import { expect } from 'chai'
import { play, program, runText } from './harness.ts'
import { fleetOf, type Machines, withModules } from './modules.ts'

const TASK = `
- {name: fleet, machines: {names: [a, b, c]}, register: r}
- {name: r, debug: {msg: "{{ r.changed }}"}}`
const machines = (): Machines => ({ on: new Map(['h1', 'h2', 'h3'].map((name) => [name, new Set<string>()])), log: [] })
const GONE =
  '[all:vars]\nansible_connection=local\n[all]\nh1\nh2\ngone ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_retries=0\n'

describe('a fleet module', () => {
  it('changes once for all hosts, by what changes need, and nothing the second time', async () => {
    const state = machines()
    const registry = await withModules(await fleetOf(state))
    const first = await runText(play(TASK, 'hosts: all'), { registry })
    expect(first.statuses('h1')[0]).to.equal('fleet: changed')
    expect(state.log).to.deep.equal(['make a', 'make b', 'make c'])
    expect(first.of('host_item').map((one) => `${one.host} ${one.item} ${one.status}`)).to.deep.equal([
      'h1 a changed',
      'h2 b changed',
      'h3 c changed',
    ])
    expect(first.stats.h2).to.include({ ok: 2, changed: 1 })
    const second = await runText(play(TASK, 'hosts: all'), { registry })
    expect(second.stats.h1).to.include({ ok: 2, changed: 0 })
    expect(second.messages('h1')).to.deep.equal([false])
  })

  it('asks the whole pattern, whatever --limit and serial say, and changes only what the run may', async () => {
    const state = machines()
    state.on.get('h3')!.add('a').add('b')
    const registry = await withModules(await fleetOf(state))
    const ran = await runText(play(TASK, 'hosts: all\nserial: 1'), { registry, limit: 'h1' })
    expect(state.log).to.deep.equal(['make c'])
    expect(state.on.get('h1')).to.deep.equal(new Set(['c']))
    expect(ran.statuses('h1')[0]).to.equal('fleet: changed')
    expect(ran.statuses('h3')).to.deep.equal([])
  })

  it('asks the whole pattern where the pattern is a template, too', async () => {
    const state = machines()
    state.on.get('h3')!.add('a').add('b').add('c')
    const registry = await withModules(await fleetOf(state))
    const ran = await runText(play(TASK, 'hosts: "{{ which }}"'), {
      registry,
      limit: 'h1',
      extraVars: new Map([['which', 'all']]),
    })
    expect(ran.statuses('h1')[0]).to.equal('fleet: ok')
    expect(state.log).to.deep.equal([])
  })

  it('makes nothing while a host is silent that could hold it', async () => {
    const state = machines()
    const registry = await withModules(
      await fleetOf(state, { probe: async (host) => void (await host.read(await script())) }),
    )
    const ran = await runText(play(TASK, 'hosts: all'), { registry, hosts: GONE })
    expect(state.log).to.deep.equal([])
    expect(ran.statuses('h1')).to.deep.equal(['fleet: failed'])
    expect(ran.of('host_result')[0]?.message).to.equal('gone may hold a, b, c')
  })

  it('says that a host is unreachable, where the others can be decided', async () => {
    const state = machines()
    state.on.set('h1', new Set(['a', 'b', 'c']))
    const registry = await withModules(
      await fleetOf(state, { probe: async (host) => void (await host.read(await script())) }),
    )
    const ran = await runText(play(TASK, 'hosts: all'), { registry, hosts: GONE })
    expect(ran.statuses('h1')[0]).to.equal('fleet: ok')
    expect(ran.statuses('gone')).to.deep.equal(['fleet: unreachable'])
    expect(ran.exitCode).to.equal(4)
  })

  it('does not try what needs a failed change, and undoes that one', async () => {
    const state = machines()
    const registry = await withModules(await fleetOf(state, { fails: 'a' }))
    const ran = await runText(play(TASK, 'hosts: all'), { registry })
    expect(state.log).to.deep.equal(['make a', 'undo a'])
    expect(ran.statuses('h1')).to.deep.equal(['fleet: failed'])
    expect(ran.of('host_item').map((one) => `${one.item} ${one.status}`)).to.deep.equal([
      'a failed',
      'b skipped',
      'c skipped',
    ])
  })

  it('takes a host for silent of which the module knows nothing', async () => {
    const state = machines()
    state.on.get('h2')!.add('nobody knows')
    const registry = await withModules(await fleetOf(state))
    const ran = await runText(play(TASK, 'hosts: all'), { registry })
    expect(state.log).to.deep.equal([])
    expect(ran.of('host_result')[0]?.message).to.equal('h2 may hold a, b, c')
  })

  it('tells what was done where afterwards nobody can say whether that is all', async () => {
    const registry = await withModules(await fleetOf(machines(), { unclear: true }))
    const ran = await runText(play(TASK, 'hosts: all'), { registry })
    expect(ran.of('host_item').map((one) => `${one.item} ${one.status} ${one.message}`)).to.deep.equal(
      ['a', 'b', 'c'].map((name) => `${name} failed not verified: it cannot be looked into`),
    )
  })

  it('fails hosts whose change was not tried, since another failed that it needs', async () => {
    const registry = await withModules(await fleetOf(machines(), { fails: 'a' }))
    const ran = await runText(play(TASK, 'hosts: all'), { registry })
    expect(['h1', 'h2', 'h3'].map((host) => ran.statuses(host)[0])).to.deep.equal(Array(3).fill('fleet: failed'))
  })

  it('says in check mode what --limit will forbid', async () => {
    const registry = await withModules(await fleetOf(machines()))
    const ran = await runText(play(TASK, 'hosts: all'), { registry, limit: 'h1', check: true })
    expect(ran.of('host_item').map((one) => `${one.item} ${one.status}`)).to.deep.equal([
      'a changed',
      'b failed',
      'c failed',
    ])
    const needing = await runText(play(TASK, 'hosts: all'), { registry, limit: 'h2', check: true })
    expect(needing.of('host_item').map((one) => `${one.item} ${one.status}`)).to.deep.equal([
      'a failed',
      'b skipped',
      'c failed',
    ])
  })

  it('does nothing for an item that is refused, also in check mode, and goes on with the others', async () => {
    for (const check of [true, false]) {
      const state = machines()
      const registry = await withModules(await fleetOf(state, { refuses: 'b' }))
      const ran = await runText(play(TASK, 'hosts: all'), { registry, check })
      expect(state.log).to.deep.equal(check ? [] : ['make a', 'make c'])
      expect(ran.of('host_item').map((one) => `${one.item} ${one.status}`)).to.have.members([
        'a changed',
        'b failed',
        'c changed',
      ])
      const failed = ran.of('host_result').filter((one) => one.status === 'failed')
      expect(failed.map((one) => `${one.host} ${one.message}`)).to.deep.equal(['h2 b: no room for b\nhint: buy some'])
    }
  })

  it('does not know in check mode whether it would refuse after changes that were not applied', async () => {
    const registry = await withModules(await fleetOf(machines(), { refuses: 'a' }))
    const text = play(`- {name: some, command: echo}\n- {name: fleet, machines: {names: [a]}}`, 'hosts: all')
    const ran = await runText(text, { registry, check: true })
    expect(ran.statuses('h1')[1]).to.equal('fleet: undecided')
  })

  it('fails when it does not converge', async () => {
    const registry = await withModules(await fleetOf(machines(), { keeps: true }))
    const ran = await runText(play(TASK, 'hosts: all'), { registry })
    expect(ran.of('host_result')[0]?.message).to.contain('did not converge')
  })

  it('fails when it does not converge, by whatever name the rest goes', async () => {
    const registry = await withModules(await fleetOf(machines(), { keeps: true, renames: true }))
    const ran = await runText(play('- {name: fleet, machines: {names: [a]}}', 'hosts: all'), { registry })
    expect(ran.of('host_item').map((one) => `${one.item} ${one.status} ${one.message}`)).to.deep.equal([
      'a failed did not converge: machine',
    ])
  })

  it('lets stand what was done where another host is silent afterwards, and fails what was done on that one', async () => {
    const { ConnectionError } = await import('../../../core/connection/index.ts')
    const state = machines()
    const probe = async (host: { name: string }): Promise<void> => {
      if (host.name === 'h3' && state.log.length > 0) throw new ConnectionError('lost', 'h3', 'the cable is out')
    }
    const registry = await withModules(await fleetOf(state, { keeps: true, probe }))
    const ran = await runText(play('- {name: fleet, machines: {names: [a, b, c]}}', 'hosts: all'), { registry })
    expect(ran.of('host_item').map((one) => `${one.item} ${one.status}: ${one.message}`)).to.deep.equal([
      'a changed: not verified: h3 (the cable is out)',
      'b changed: not verified: h3 (the cable is out)',
      'c failed: not verified: h3 did not answer afterwards: the cable is out',
    ])
    expect(ran.statuses('h1')).to.deep.equal(['fleet: changed'])
    expect(ran.statuses('h3')).to.deep.equal(['fleet: unreachable'])
  })

  it('takes a bug in a probe for a bug, and no for an answer as the failure of that host', async () => {
    const { ModuleFailure } = await program()
    const run = async (error: Error) => {
      const state = machines()
      state.on.get('h1')!.add('a')
      const probe = async (host: { name: string }): Promise<void> => {
        if (host.name === 'h2') throw error
      }
      const registry = await withModules(await fleetOf(state, { probe }))
      return runText(play('- {name: fleet, machines: {names: [a]}}', 'hosts: all'), { registry })
    }
    const broken = await run(new TypeError('x is not a function'))
    expect(broken.of('host_result')[0]?.message).to.include('[engine-bug] TypeError')
    const said = await run(new ModuleFailure('no room to look'))
    expect(said.statuses('h1')).to.deep.equal(['fleet: ok'])
    expect(said.statuses('h2')).to.deep.equal(['fleet: failed'])
  })

  it('changes nothing on a host where a task failed before', async () => {
    const state = machines()
    const registry = await withModules(await fleetOf(state))
    const tasks = `
- {name: preparation, fail: {msg: no}, when: inventory_hostname == 'h2'}
- {name: fleet, machines: {names: [a, b]}}`
    const ran = await runText(play(tasks, 'hosts: all'), { registry })
    expect(state.log).to.deep.equal(['make a'])
    expect(ran.of('host_item').map((one) => `${one.item} ${one.status}: ${one.message}`)).to.deep.equal([
      'a changed: undefined',
      'b failed: it needs h2, where an earlier task failed',
    ])
  })

  it('announces in check mode, registers what is not known, and doubts after unapplied commands', async () => {
    const state = machines()
    const registry = await withModules(await fleetOf(state))
    const text = play(`${TASK}\n- {name: what, debug: {msg: "{{ r.machines }}"}}`, 'hosts: all')
    const ran = await runText(text, { registry, check: true })
    expect(state.log).to.deep.equal([])
    expect(ran.statuses('h2')).to.deep.equal(['fleet: changed', 'r: ok', 'what: undecided'])
    for (const host of state.on.values()) host.add('a').add('b').add('c')
    const doubted = await runText(play(`- {name: some, command: echo}${TASK}`, 'hosts: all'), { registry, check: true })
    expect(doubted.statuses('h1')).to.deep.equal(['some: undecided', 'fleet: undecided', 'r: undecided'])
  })

  it('refuses to come host by host', async () => {
    const state = machines()
    const registry = await withModules(await fleetOf(state))
    const ran = await runText(play(TASK, 'hosts: all\nstrategy: free'), { registry })
    expect(state.log).to.deep.equal([])
    expect(ran.of('host_result').map((one) => one.status)).to.deep.equal(['failed', 'failed', 'failed'])
    const looped = await runText(play('- {name: l, machines: {names: [a]}, loop: [1]}', 'hosts: all'), { registry })
    expect(looped.of('host_result')[0]?.message).to.contain('takes no loop')
  })
})

const script = async () => (await import('../../../core/connection/index.ts')).sh`:`
