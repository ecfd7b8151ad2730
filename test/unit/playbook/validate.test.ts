import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadPlaybook, validatePlaybook } from '../../../core/playbook/index.ts'
import { builtinModules as registry } from '../../../modules/index.ts'

describe('what is validated in a task', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'validate-'))
  })
  after(() => rm(folder, { recursive: true }))

  /** Mistakes of one task: code, line:column, message and guess. */
  async function mistakes(task: string): Promise<string[]> {
    const file = join(folder, 'play.yml')
    await writeFile(file, `- hosts: all\n  vars: {x: /x}\n  tasks:\n    - ${task}\n`)
    const { playbook, diagnostics } = await loadPlaybook(file, { registry })
    const all = [...diagnostics, ...(await validatePlaybook(playbook!, { registry }))]
    return all.map(
      ({ code, at, message, hint }) =>
        `${code} ${at?.line}:${at?.column} ${message}${hint?.startsWith('did you mean') ? ` (${hint})` : ''}`,
    )
  }

  const cases: readonly [task: string, ...mistakes: string[]][] = [
    ['file: {dest: "{{ x }}", state: directory}'],
    ['file: {name: /x, mode: "{{ x }}"}'],
    ['lineinfile: {dest: /f, regex: "^a", value: "{{ x }}"}'],
    ['lineinfile: {path: "{{ x }}", line: a, regexp: null, backup: null}'],
    ['file: {path: null, dest: "{{ x }}"}'],
    ['file: {path: /a, dest: "{{ x }}", state: directory}'],
    ['file: {path: null, mode: "{{ x }}"}', "missing-argument 4:7 file needs the argument 'path'"],
    ['file: {mode: "{{ x }}", state: directory}', "missing-argument 4:7 file needs the argument 'path'"],
    [
      'file: {dest: "{{ x }}", state: dirctory}',
      "bad-argument 4:38 file: state cannot be 'dirctory' (did you mean directory?)",
    ],
    [
      'file: {dest: [], mode: "{{ x }}"}',
      'bad-argument 4:20 file: dest: invalid input: expected string, received array',
    ],
    [
      'file: {dest: [], state: directory}',
      'bad-argument 4:20 file: dest: invalid input: expected string, received array',
    ],
    ['file: {dest: /a, name: "{{ x }}"}', "unknown-argument 4:24 file has no argument 'name'"],
    [
      'debug: {msg: "{{ x | ansible.builtin.to_jsn }}"}',
      "unknown-filter 4:28 there is no filter 'ansible.builtin.to_jsn' (did you mean to_json?)",
    ],
    [
      'debug: {msg: "{{ x | ansible.builtin.zzzzzz }}"}',
      "unknown-filter 4:28 there is no filter 'ansible.builtin.zzzzzz'",
    ],
    [
      'debug: {msg: "{{ x is ansible.builtin.matchh }}"}',
      "unknown-test 4:29 there is no test 'ansible.builtin.matchh' (did you mean match?)",
    ],
    [
      'debug: {msg: "{{ x | community.general.to_jsn }}"}',
      "unknown-filter 4:28 there is no filter 'community.general.to_jsn' (did you mean to_json?)",
    ],
    ['{ping: , check_mode: maybe}', "bad-value 4:28 check_mode must be yes or no, not 'maybe'"],
    ['{ping: , run_once: [x]}', 'bad-value 4:26 run_once must be yes or no, not a list'],
    ['{ping: , no_log: 2}', "bad-value 4:24 no_log must be yes or no, not '2'"],
    ['{ping: , become: "on", diff: 0, ignore_errors: "{{ x }}", delegate_facts: "F", any_errors_fatal: }'],
    ['{ping: , check_mode: 1.0, diff: 0.0}'],
    [
      '{include_tasks: inc.yml, check_mode: true}',
      'unknown-keyword 4:32 include_tasks cannot have check_mode: it would reach nothing',
    ],
    [
      '{include_tasks: inc.yml, notify: x}',
      'unknown-keyword 4:32 include_tasks cannot have notify: it would reach nothing',
    ],
    [
      '{include_role: {name: r}, become: true}',
      'unknown-keyword 4:33 include_role cannot have become: it would reach nothing',
    ],
  ]
  for (const [task, ...expected] of cases) {
    it(task, async () => expect(await mistakes(task)).to.deep.equal(expected))
  }
})
