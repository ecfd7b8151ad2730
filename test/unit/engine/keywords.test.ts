import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { play, program, runText } from './harness.ts'
import { acting, withModules } from './modules.ts'

describe('a task', () => {
  it('hides everything under no_log, also lines, progress, items and failures', async () => {
    const talks = await acting('talks', async (host) => {
      host.progress('hunter2')
      host.line('stdout', 'hunter2')
      return { said: 'hunter2', msg: 'hunter2', failed: true }
    })
    const tasks = `
- {name: t, talks: {}, no_log: true, ignore_errors: yes, register: r}
- {name: l, debug: {msg: "{{ item }}"}, loop: [hunter2], no_log: "{{ yes_please }}"}
- {name: unknowable, debug: {msg: hunter2}, no_log: "{{ nowhere }}"}
- {name: kept, debug: {msg: "{{ r.said | length }}"}}`
    const ran = await runText(play(tasks), {
      registry: await withModules(talks),
      extraVars: new Map([['yes_please', true]]),
    })
    expect(JSON.stringify(ran.events)).to.not.contain('hunter2')
    expect(ran.messages('h1')).to.deep.equal([7])
    expect(ran.stats.h1).to.include({ ok: 4, ignored: 1 })
  })

  it('hides by value what a module calls a secret, from then on and everywhere', async () => {
    const tells = await acting('tells', async (host) => {
      host.secret('correct-horse')
      return { said: 'correct-horse' }
    })
    const ran = await runText(
      play('- {name: t, tells: {}, register: r}\n- {name: "is {{ r.said }}", debug: {msg: "x{{ r.said }}y"}}'),
      {
        registry: await withModules(tells),
      },
    )
    expect(JSON.stringify(ran.events)).to.not.contain('correct-horse')
    expect(ran.messages('h1')).to.deep.equal(['x********y'])
  })

  it('that hits a bug of ours fails on its host, with a code, and on no other', async () => {
    const logged: unknown[] = []
    const buggy = await acting('buggy', async (host) => {
      if (host.name === 'h2') throw new TypeError('oops')
      return {}
    })
    const ran = await runText(play('- {name: t, buggy: {}}\n- {name: u, debug: {msg: x}}', 'hosts: all'), {
      registry: await withModules(buggy),
      log: (...entry) => void logged.push(entry),
    })
    expect(ran.statuses('h1')).to.deep.equal(['t: changed', 'u: ok'])
    expect(ran.statuses('h2')).to.deep.equal(['t: failed'])
    expect(ran.of('host_result').find((one) => one.host === 'h2')?.message).to.contain('[engine-bug] TypeError: oops')
    expect(JSON.stringify(logged)).to.contain('modules.ts')
  })

  it('with a keyword that cannot be told fails on its host alone', async () => {
    const only = (value: string) => `"{{ hostvars[inventory_hostname].odd | default(${value}) }}"`
    const hosts = '[all:vars]\nansible_connection=local\n[all]\nh1 odd={{nowhere}}\nh2\n'
    for (const keyword of ['delegate_to: "{{ nowhere }}"', 'retries: many', 'timeout: long', 'until: nowhere']) {
      const text = play(
        `- {name: t, command: "true", ${keyword}, when: inventory_hostname == 'h1'}\n- {name: u, debug: {msg: x}}`,
        'hosts: all',
      )
      const ran = await runText(text, { hosts })
      expect(ran.exitCode, keyword).to.equal(2)
      expect(ran.statuses('h1'), keyword).to.deep.equal(['t: failed'])
      expect(ran.statuses('h2'), keyword).to.deep.equal(['t: skipped', 'u: ok'])
    }
    const ignore = play(
      `- {name: t, command: "false", ignore_errors: "{{ nowhere }}"}\n- {name: u, debug: {msg: x}}`,
      'hosts: all',
    )
    expect((await runText(ignore)).exitCode).to.equal(2)
    expect(only('1')).to.contain('odd')
  })

  for (const keyword of ['check_mode', 'diff', 'run_once', 'become'])
    for (const [said, why] of [
      ["{{ 'maybe' }}", /must be yes or no/],
      ['{{ none }}', /must be yes or no/],
      ["{{ '' }}", /must be yes or no/],
      ['{{ dict(a=1).b }}', /is undefined/],
      ['{{ [] }}', /must be yes or no/],
    ] as const)
      it(`does nothing where ${keyword} is ${said}`, async () => {
        const acted: string[] = []
        const acts = await acting('acts', async (host) => {
          acted.push(host.name)
          return {}
        })
        const tasks = `
- {name: t, acts: {}, ${keyword}: "${said}", ignore_errors: yes, register: r}
- {name: not here, acts: {}, ${keyword}: "${said}", when: inventory_hostname == 'nowhere'}
- {name: u, debug: {msg: "{{ r is failed }}"}}`
        const ran = await runText(play(tasks, 'hosts: all'), { registry: await withModules(acts) })
        expect(acted).to.deep.equal([])
        for (const host of ['h1', 'h3']) {
          const [failure, after] = ran.messages(host)
          expect(failure).to.match(why)
          expect(after).to.equal(true)
        }
      })

  it('does nothing on any host where run_once cannot be told on the first', async () => {
    const hosts = '[all:vars]\nansible_connection=local\n[all]\nh1\nh2 once=yes\nh3 once=yes\n'
    for (const tasks of [
      '- {name: t, acts: {}, run_once: "{{ once }}"}',
      '- {name: t, acts: {}, run_once: "{{ item }}", loop: [true]}',
    ]) {
      const acted: string[] = []
      const acts = await acting('acts', async (host) => {
        acted.push(host.name)
        return {}
      })
      const ran = await runText(play(tasks, 'hosts: all'), { registry: await withModules(acts), hosts })
      expect(acted, tasks).to.deep.equal([])
      expect(ran.exitCode, tasks).to.equal(2)
    }
  })

  it('takes omit for a keyword that is not given', async () => {
    for (const keyword of ['check_mode', 'diff', 'run_once', 'become', 'become_user', 'remote_user'])
      expect(
        (await runText(play(`- {name: t, command: "true", ${keyword}: "{{ nowhere | default(omit) }}"}`))).statuses(
          'h1',
        ),
        keyword,
      ).to.deep.equal(['t: changed'])
  })

  it('is what the block or play around it says where it is omit', async () => {
    const acted: string[] = []
    const acts = await acting('acts', async (host) => {
      acted.push(host.name)
      return { said: 'hunter2' }
    })
    const registry = await withModules(acts)
    const omit = '"{{ nowhere | default(omit) }}"'
    const block = (outer: string, inner: string) =>
      play(`- {block: [{name: t, acts: {}, ${inner}: ${omit}}], ${inner}: ${outer}}`, 'hosts: h1:h2')
    await runText(block('true', 'check_mode'), { registry })
    await runText(block(`"{{ 1 == 1 }}"`, 'check_mode'), { registry })
    expect(acted).to.deep.equal([])
    await runText(block('true', 'run_once'), { registry })
    expect(acted).to.deep.equal(['h1'])
    const hidden = await runText(block('true', 'no_log'), { registry })
    expect(JSON.stringify(hidden.events)).to.not.contain('hunter2')
    const tasks = `- {name: t, command: "false", ignore_errors: ${omit}, retries: ${omit}, timeout: ${omit}, delegate_to: ${omit}}`
    const ignored = await runText(play(tasks, 'hosts: h1\nignore_errors: true'))
    expect(ignored.stats.h1).to.include({ ignored: 1 })
    expect(ignored.of('host_result')[0]?.delegated_to).to.equal(undefined)
  })

  it('is reached, and as whom, as is said around it where it is omit', async () => {
    const omit = '"{{ nowhere | default(omit) }}"'
    const user = (keyword: string) => `- {name: t, command: id -un, register: r, ${keyword}: ${omit}}
- {name: u, debug: {msg: "{{ r.stdout }}"}}`
    for (const [head, keyword] of [
      ['become: true\nbecome_user: nobody', 'become'],
      ['become: true\nbecome_user: nobody', 'become_user'],
      ['connection: local\nbecome: true\nbecome_user: nobody', 'connection'],
    ] as const) {
      const ran = await runText(play(user(keyword), `hosts: h1\n${head}`))
      expect(ran.messages('h1').at(-1), keyword).to.equal('nobody')
    }
    const line = await runText(play(user('become')), { become: { enabled: true, user: 'nobody' } })
    expect(line.messages('h1').at(-1)).to.equal('nobody')
  })

  it('tells of each item of a loop that was partly checked, whatever the loop came to', async () => {
    const ran = await runText(
      play(`
- {name: t, command: "{{ item }}", check_mode: "{{ item == 'true' }}", loop: ["true", "echo b"], changed_when: false, register: r}
- {name: u, debug: {msg: "{{ r.results[1].stdout }}"}}
- {name: v, command: "{{ item }}", check_mode: "{{ item == 'true' }}", loop: ["true", "false"], ignore_errors: true, register: f}
- {name: w, debug: {msg: "{{ f is failed }}"}}
- {name: x, debug: {msg: "{{ r is changed }}"}}`),
    )
    expect(ran.statuses('h1')).to.deep.equal(['t: ok', 'u: ok', 'v: failed', 'w: ok', 'x: undecided'])
  })

  it('of a play, not known in check mode yet, is as where nothing is said', async () => {
    const unknown = `"{{ hostvars['h1'].r.stdout == 'yes' }}"`
    const before = play('- {name: t, command: echo yes, register: r}', 'hosts: h1')
    for (const keyword of ['gather_facts', 'force_handlers', 'lease']) {
      const facts = keyword === 'gather_facts' ? '' : '\n  gather_facts: false'
      const text = `${before}\n- hosts: h1${facts}\n  ${keyword}: ${unknown}\n  tasks: [{name: u, debug: {msg: x}}]\n`
      const ran = await runText(text, { check: true })
      expect(ran.exitCode, keyword).to.equal(0)
      expect(ran.messages('h1').at(-1), keyword).to.equal('x')
    }
  })

  it('may say its mode by that of the run', async () => {
    const acted: string[] = []
    const acts = await acting('acts', async () => {
      acted.push('acts')
      return {}
    })
    const registry = await withModules(acts)
    const tasks = '- {name: t, acts: {}, check_mode: "{{ not ansible_check_mode }}"}'
    await runText(play(tasks), { registry })
    expect(acted).to.deep.equal([])
    await runText(play(tasks), { registry, check: true })
    expect(acted).to.deep.equal(['acts'])
  })

  it('tells its handlers of the items that it did change, and what they gave', async () => {
    for (const [items, real] of [
      ['[true, false]', 1],
      ['[false, true]', 0],
    ] as const) {
      const text = play(
        `- {name: t, command: "true", check_mode: "{{ item }}", loop: ${items}, notify: h, register: r}
- {name: u, debug: {msg: "{{ r.changed }} {{ r.results[${real}].rc }}"}}
- {name: v, debug: {msg: "{{ r.results[${1 - real}].rc }}"}}`,
        'hosts: h1\nhandlers: [{name: h, debug: {msg: heard}}]',
      )
      const ran = await runText(text)
      expect(ran.statuses('h1'), items).to.deep.equal(['t: changed', 'u: ok', 'v: undecided', 'h: ok'])
    }
  })

  it('has the mode of each item in its condition, too, also where it was looked at ahead', async () => {
    for (const speculation of [{}, { window: 0 }]) {
      const text = play(`
- {name: first, stat: {path: /}}
- {name: t, copy: {dest: "/nowhere-virtfleet/{{ item }}", content: x}, check_mode: "{{ item }}", loop: [true, true], when: not ansible_check_mode}`)
      expect((await runText(text, { speculation })).statuses('h1')).to.deep.equal(['first: ok', 't: skipped'])
    }
  })

  it('has its mode for each item', async () => {
    const acted: unknown[] = []
    const acts = await acting('acts', async () => {
      acted.push('acts')
      return {}
    })
    const tasks = `
- {name: t, acts: {}, check_mode: "{{ item }}", loop: [true, "no", "yes"]}
- {name: u, debug: {msg: "{{ ansible_check_mode }}"}, check_mode: "{{ item }}", loop: [true, false]}`
    const ran = await runText(play(tasks), { registry: await withModules(acts) })
    expect(acted).to.deep.equal(['acts'])
    expect(ran.of('host_item').map((one) => one.result?.msg ?? one.status)).to.deep.equal([
      ...['undecided', 'changed', 'undecided'],
      ...[true, false],
    ])
  })

  it('is limited by forks and throttle', async () => {
    let now = 0
    let most = 0
    const busy = await acting('busy', async () => {
      most = Math.max(most, ++now)
      await delay(40)
      now--
      return {}
    })
    const registry = await withModules(busy)
    for (const [head, options, expected] of [
      ['hosts: all', {}, 3],
      ['hosts: all', { forks: 2 }, 2],
      ['hosts: all\nthrottle: 1', {}, 1],
      ['hosts: all\nstrategy: free\nthrottle: 1', {}, 1],
      ['hosts: all\nstrategy: host_pinned', { forks: 2 }, 2],
    ] as const) {
      now = most = 0
      await runText(play('- {name: t, busy: {}}', head), { registry, ...options })
      expect(most, head).to.equal(expected)
    }
  })

  it('with run_once runs once under every strategy, and a failure that is ignored is ignored for all', async () => {
    let runs = 0
    const counts = await acting('counts', async () => ({ n: ++runs, ansible_facts: { seen: runs } }))
    const registry = await withModules(counts)
    for (const strategy of ['linear', 'free', 'host_pinned']) {
      runs = 0
      const tasks =
        '- {name: t, counts: {}, run_once: yes, register: r}\n- {name: u, debug: {msg: "{{ r.n }} {{ ansible_seen }}"}}'
      const ran = await runText(play(tasks, `hosts: all\nstrategy: ${strategy}`), { registry })
      expect(runs, strategy).to.equal(1)
      expect(ran.messages('h3'), strategy).to.deep.equal(['1 1'])
    }
  })

  it('tells its retries', async () => {
    const ran = await runText(play('- {name: t, command: "false", until: false, retries: 2, delay: 0}'))
    expect(ran.of('host_retry').map((one) => one.attempt)).to.deep.equal([1, 2])
    expect(ran.statuses('h1')).to.deep.equal(['t: failed'])
  })

  it('is the first with --start-at-task, and that play gathers facts', async () => {
    const text = `- hosts: h1\n  gather_facts: no\n  tasks: [{name: one, debug: {msg: 1}}]\n- hosts: h1\n  gather_subset: [min]\n  tasks: [{name: two, debug: {msg: 2}}, {name: three, debug: {msg: "{{ ansible_facts | length > 0 }}"}}]\n`
    const ran = await runText(text, { startAtTask: 'thr*' })
    expect(ran.statuses('h1')).to.deep.equal(['Gathering Facts: ok', 'three: ok'])
    expect(ran.messages('h1')).to.deep.equal([true])
    expect((await runText(text, { startAtTask: 'nine' })).exitCode).to.equal(1)
  })

  it('that notifies a handler twice in two flushes has two events for it, with ids of their own', async () => {
    const text = `- hosts: h1\n  gather_facts: no\n  handlers: [{name: h, command: echo, run_once: yes}]\n  tasks:\n    - {name: a, command: echo, notify: h}\n    - meta: flush_handlers\n    - {name: b, command: echo, notify: h}\n`
    const ran = await runText(text)
    expect(ran.statuses('h1')).to.deep.equal(['a: changed', 'h: changed', 'b: changed', 'h: changed'])
    expect(new Set(ran.of('task_started').map((one) => one.task)).size).to.equal(4)
  })

  it('of a host that failed leaves no handler unnamed', async () => {
    const text = `- hosts: h1\n  gather_facts: no\n  handlers: [{name: restart it, command: echo}]\n  tasks:\n    - {name: a, command: echo, notify: restart it}\n    - {name: b, command: "false"}\n`
    const ran = await runText(text)
    expect(ran.of('diagnostic').map((one) => one.message)).to.deep.equal([
      "handler 'restart it' was notified by h1 and did not run",
    ])
  })

  it('that cannot be included fails the hosts that wanted it, and a rescue may help', async () => {
    const ran = await runText(
      play('- block: [{name: i, include_tasks: "{{ f }}"}]\n  rescue: [{name: r, debug: {msg: saved}}]'),
      {
        extraVars: new Map([['f', 'missing.yml']]),
      },
    )
    expect(ran.statuses('h1')).to.deep.equal(['i: failed', 'r: ok'])
    expect(ran.exitCode).to.equal(0)
  })
})

describe('the failure budget', () => {
  it('counts unreachable hosts, and runs always', async () => {
    const hosts =
      '[all:vars]\nansible_connection=local\n[all]\nh1\nh2\ngone ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_retries=0\n'
    const tasks = `
- block: [{name: t, command: "true"}, {name: no, debug: {msg: x}}]
  always: [{name: always, debug: {msg: a}}]
- {name: never, debug: {msg: x}}`
    const ran = await runText(play(tasks, 'hosts: all\nmax_fail_percentage: 30'), { hosts })
    expect(ran.statuses('h1')).to.deep.equal(['t: changed', 'always: ok'])
    expect(ran.exitCode).to.equal(4)
    expect(ran.of('diagnostic')[0]?.code).to.equal('run-halted')
  })
})

describe('counters', () => {
  it('add up: every result is one of them, or undecided or cancelled', async function () {
    this.timeout(30_000)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (kinds, check) => {
          const one = [
            'debug: {msg: x}',
            'command: "true"',
            'command: "false"\n  ignore_errors: yes',
            'command: "false"',
            'debug: {msg: x}\n  when: false',
            'block: [{command: "false"}]\n  rescue: [{debug: {msg: r}}]',
            'debug: {msg: x}\n  loop: [1, 2]',
          ]
          const tasks = kinds.map((kind, i) => `- name: t${i}\n  ${one[kind]}`).join('\n')
          const ran = await runText(play(tasks, 'hosts: h1,h2'), { check })
          for (const [host, stats] of Object.entries(ran.stats)) {
            const results = ran.of('host_result').filter((event) => event.host === host)
            const { ok, failed, unreachable, skipped, rescued } = stats
            expect(ok + failed + unreachable + skipped + rescued + (ran.undecided[host] ?? 0)).to.equal(results.length)
            expect(stats.changed).to.be.at.most(ok)
            expect(stats.ignored).to.be.at.most(ok)
          }
        },
      ),
      { numRuns: 10 },
    )
  })

  it('every event validates against the schema', async () => {
    const { runEvent } = await import('../../../core/events/index.ts')
    const text = play(
      '- {name: a, command: echo, diff: yes}\n- {name: l, debug: {msg: "{{ item }}"}, loop: [1]}\n- {name: f, command: "false", until: false, retries: 1, delay: 0}',
    )
    const ran = await runText(text)
    for (const event of ran.events) runEvent.parse(event)
    expect(ran.events.map((one) => one.seq)).to.deep.equal(ran.events.map((_, i) => i + 1))
    expect(ran.events.at(-1)?.event).to.equal('run_finished')
    expect((await program()).run).to.be.a('function')
  })
})
