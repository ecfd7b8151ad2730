import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JsonObject } from '../../../../core/events/json.ts'

/** What each task came to in one run of Debian's ansible-playbook on this machine; failures are ignored and answered too. */
export function askAnsible(folder: string, tasks: readonly JsonObject[]): JsonObject[] {
  const registered = tasks.map((task, i) => ({ ...task, register: `r${i}`, ignore_errors: true }))
  const keep = {
    copy: {
      content: `{{ [${tasks.map((_, i) => `r${i}`).join(', ')}] | to_json }}`,
      dest: join(folder, 'answers.json'),
    },
  }
  const play = [{ hosts: 'localhost', gather_facts: false, tasks: [...registered, keep] }]
  writeFileSync(join(folder, 'play.json'), JSON.stringify(play))
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    ANSIBLE_LOCALHOST_WARNING: 'False',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  }
  const argv = ['-c', 'local', '-i', 'localhost,', 'play.json']
  const done = spawnSync('/usr/bin/ansible-playbook', argv, { cwd: folder, encoding: 'utf8', env })
  if (done.error || done.status !== 0) {
    throw new Error(`the oracle needs the Debian package ansible-core: ${done.error ?? done.stderr + done.stdout}`)
  }
  return JSON.parse(readFileSync(join(folder, 'answers.json'), 'utf8')) as JsonObject[]
}
