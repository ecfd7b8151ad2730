import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { play, runText } from './harness.ts'

const check = (tasks: string, head?: string) => runText(play(tasks, head), { check: true })

describe('check mode', () => {
  it('says of a command that it is undecided, and of what looks at its result, naming the task', async () => {
    const ran = await check(`
- {name: asks, command: echo yes, register: r}
- {name: looks, debug: {msg: x}, when: r.stdout == 'yes'}
- {name: defined, debug: {msg: x}, when: r is defined}
- {name: renders, debug: {msg: "{{ r.rc }}"}}
- {name: loops, debug: {msg: x}, loop: "{{ r.stdout_lines }}"}
- {name: not touched, debug: {msg: fine}}`)
    expect(ran.statuses('h1')).to.deep.equal([
      'asks: undecided',
      'looks: undecided',
      'defined: undecided',
      'renders: undecided',
      'loops: undecided',
      'not touched: ok',
    ])
    expect(ran.of('host_result')[1]?.message).to.contain("'asks'")
    expect(ran.undecided).to.deep.equal({ h1: 5 })
    expect(ran.exitCode).to.equal(0)
  })

  it('makes a fact unknown that an undecided task would set, also one that had a value', async () => {
    const ran = await check(`
- {name: before, set_fact: {f: 1}}
- {name: asks, command: echo 2, register: r}
- {name: sets, set_fact: {f: "{{ r.stdout }}"}}
- {name: or not, set_fact: {g: 1}, when: r.rc == 0}
- {name: uses f, debug: {msg: x}, when: f == 1}
- {name: uses g, debug: {msg: x}, when: g is defined}`)
    expect(ran.statuses('h1').slice(2)).to.deep.equal([
      'sets: undecided',
      'or not: undecided',
      'uses f: undecided',
      'uses g: undecided',
    ])
  })

  it('announces handlers of changed and of undecided tasks', async () => {
    const ran = await runText(
      `- hosts: h1
  gather_facts: no
  handlers:
    - {name: sure, debug: {msg: x}}
    - {name: open, command: "true"}
    - {name: never, debug: {msg: x}}
  tasks:
    - {name: file, copy: {dest: /tmp/virtfleet-never-written, content: x}, notify: sure}
    - {name: asks, command: echo, notify: [open, sure]}
    - {name: says, debug: {msg: x}, notify: never}\n`,
      { check: true },
    )
    expect(ran.statuses('h1').slice(-2)).to.deep.equal(['sure: ok', 'open: undecided'])
    expect(ran.of('host_result').at(-1)?.message).to.contain("'asks'")
    expect(existsSync('/tmp/virtfleet-never-written')).to.equal(false)
  })

  it('believes changed_when: false', async () => {
    const ran = await check(`
- {name: asks, command: echo, changed_when: false, register: r}
- {name: stat, stat: {path: /etc/passwd}}
- {name: uses, debug: {msg: "{{ r.rc }}"}}`)
    expect(ran.statuses('h1')).to.deep.equal(['asks: skipped', 'stat: ok', 'uses: undecided'])
  })

  it('doubts an ok answer about what an earlier task would touch, and only that', async () => {
    const ran = await check(`
- {name: writes, copy: {dest: /tmp/virtfleet-never-written, content: x}}
- {name: other, stat: {path: /etc/passwd}}
- {name: same, stat: {path: /tmp/virtfleet-never-written}, register: s}
- {name: uses, debug: {msg: x}, when: s.stat.exists}
- {name: anything, shell: echo}
- {name: other again, stat: {path: /etc/passwd}}`)
    expect(ran.statuses('h1')).to.deep.equal([
      'writes: changed',
      'other: ok',
      'same: undecided',
      'uses: undecided',
      'anything: undecided',
      'other again: undecided',
    ])
  })

  it('doubts what a task would touch of which not even the condition is known', async () => {
    const ran = await check(`
- {name: asks, command: echo, changed_when: false, register: r}
- {name: maybe, copy: {dest: "/tmp/virtfleet-never-{{ r.rc }}", content: x}}
- {name: after, stat: {path: /etc/passwd}}`)
    expect(ran.statuses('h1')).to.deep.equal(['asks: skipped', 'maybe: undecided', 'after: undecided'])
  })

  it('does not say that a user is missing whom an unapplied task would make', async () => {
    const ran = await check(`
- {name: makes, user: {name: vf-never-made}}
- {name: becomes, stat: {path: /}, become: yes, become_user: vf-never-made}
- {name: goes on, debug: {msg: x}}`)
    expect(ran.statuses('h1')).to.deep.equal(['makes: changed', 'becomes: undecided', 'goes on: ok'])
  })

  it('does not call a failure of what was not applied a failure, but a real one it does', async () => {
    const ran = await check(`
- {name: makes, file: {path: /tmp/virtfleet-never-made, state: directory}}
- {name: needs, file: {path: /tmp/virtfleet-never-made/x, state: file}}
- {name: wrong, copy: {dest: relative, content: x}, ignore_errors: yes}
- {name: fails, fail: {msg: no}}`)
    expect(ran.statuses('h1')).to.deep.equal(['makes: changed', 'needs: undecided', 'wrong: failed', 'fails: failed'])
    expect(ran.exitCode).to.equal(2)
  })

  it('keeps what is known of an announced change', async () => {
    const ran = await check(`
- {name: writes, copy: {dest: /tmp/virtfleet-never-written, content: x}, register: r}
- {name: changed, debug: {msg: "{{ r.changed }} {{ r is failed }} {{ r.dest }}"}, when: r is changed}
- {name: checksum, debug: {msg: "{{ r.uid }}"}}
- {name: quiet, copy: {dest: /tmp/virtfleet-never-written, content: x}, register: q, changed_when: false}
- {name: q, debug: {msg: "{{ q.changed }}"}}`)
    expect(ran.messages('h1')).to.deep.equal(['True False /tmp/virtfleet-never-written', false])
    expect(ran.statuses('h1')).to.deep.equal([
      'writes: changed',
      'changed: ok',
      'checksum: undecided',
      'quiet: ok',
      'q: ok',
    ])
  })

  it('never says ok of what the real run changes, and writes nothing', async function () {
    this.timeout(60_000)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 2, maxLength: 6 }), async (kinds) => {
        const folder = mkdtempSync(join(tmpdir(), 'virtfleet-check-'))
        try {
          mkdirSync(join(folder, 'd'))
          writeFileSync(join(folder, 'a'), 'one\n')
          writeFileSync(join(folder, 'd/b'), 'two\n')
          const text = playOf(folder, kinds)
          const before = snapshot(folder)
          const announced = statuses(await runText(text, { check: true }))
          expect(snapshot(folder)).to.equal(before)
          const real = statuses(await runText(text))
          for (const [task, status] of real) {
            if (status === 'changed') expect(announced.get(task), task).to.be.oneOf(['changed', 'undecided'])
          }
        } finally {
          rmSync(folder, { recursive: true })
        }
      }),
      { numRuns: 12 },
    )
  })
})

const TASKS = [
  'copy: {dest: F/a, content: "one\\n"}',
  'copy: {dest: F/a, content: "other\\n"}',
  'lineinfile: {path: F/a, line: one}',
  'lineinfile: {path: F/d/b, line: three}',
  'file: {path: F/d, state: absent}',
  'file: {path: F/d, state: directory}',
  'file: {path: F/a, mode: "0600"}',
  'shell: "echo more >> F/a"',
  'shell: "rm -rf F/a F/d"',
  'stat: {path: F/a}',
  'file: {path: F/c, state: touch}',
]

/** Each task hangs on the one before in one of several ways. */
function playOf(folder: string, kinds: readonly number[]): string {
  const tasks = kinds.map((kind, i) => {
    const lines = [
      `- name: t${i}`,
      `  ${TASKS[kind]!.replaceAll('F/', `${folder}/`)}`,
      `  register: r${i}`,
      '  ignore_errors: yes',
      '  notify: h',
    ]
    if (i > 0 && kind % 3 === 0) lines.push(`  when: r${i - 1} is changed`)
    if (i > 1 && kind % 4 === 1) lines.push(`  when: r${i - 2}.stat is not defined or r${i - 2}.stat.exists`)
    return lines.join('\n')
  })
  const handler = `- {name: h, copy: {dest: ${folder}/h, content: x}}`
  return `- hosts: h1\n  gather_facts: no\n  handlers:\n    ${handler}\n  tasks:\n${tasks.join('\n').replace(/^/gm, '    ')}\n`
}

const statuses = (ran: Awaited<ReturnType<typeof runText>>): Map<string, string> =>
  new Map(ran.statuses('h1').map((one) => one.split(': ') as [string, string]))

function snapshot(folder: string): string {
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name)
    const found = statSync(path)
    return `${path} ${found.mode} ${found.mtimeMs} ${entry.isFile() ? readFileSync(path, 'utf8') : ''}`
  })
  return lines.sort().join('\n')
}
