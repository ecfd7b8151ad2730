import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What can be compared of a run. */
export interface Transcript {
  /** Names of tasks in the order of their banners; unnamed as their module. */
  tasks: string[]
  /** Messages of debug, with their host, in order. */
  messages: [string, unknown][]
  /** ok, changed, unreachable, failed, skipped, rescued, ignored. */
  recap: Record<string, number[]>
  exit: number
}

export interface Case {
  readonly name: string
  readonly arguments?: readonly string[]
}

export const CASES: readonly Case[] = [
  { name: 'loops' },
  { name: 'conditions' },
  { name: 'blocks' },
  { name: 'handlers' },
  { name: 'once' },
  { name: 'fatal' },
  { name: 'fatal2' },
  { name: 'includes' },
  { name: 'precedence', arguments: ['-e', 'g=extra', '-e', 'x=extra'] },
  { name: 'ends' },
  { name: 'unreachable' },
  { name: 'failing' },
  { name: 'tags', arguments: ['--tags', 'a,c'] },
  { name: 'tags-skip', arguments: ['--skip-tags', 'b,always'] },
  { name: 'free' },
  { name: 'handlers2' },
  { name: 'delegate' },
  { name: 'check', arguments: ['--check'] },
]

export const HOSTS =
  '[all:vars]\nansible_connection=local\n[all]\nh1\nh2\nh3\ngone ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1 ansible_ssh_retries=0\n'

/** Asks the real ansible-playbook (Debian's package). */
export function askAnsible(folder: string, one: Case): Transcript {
  const scratch = mkdtempSync(join(tmpdir(), 'virtfleet-ansible-'))
  try {
    writeFileSync(join(scratch, 'hosts'), `${HOSTS}[all:vars]\nansible_python_interpreter=/usr/bin/python3\n`)
    const args = [
      '/usr/bin/ansible-playbook',
      '-f',
      '1',
      '-i',
      join(scratch, 'hosts'),
      ...(one.arguments ?? []),
      `${one.name}.yml`,
    ]
    const env = { PATH: process.env.PATH, HOME: scratch, LC_ALL: 'C.UTF-8', ANSIBLE_RETRY_FILES_ENABLED: '0' }
    const { stdout, status } = spawnSync('/usr/bin/python3', args, { cwd: folder, env, encoding: 'utf8' })
    return parse(stdout, status ?? -1)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

function parse(text: string, exit: number): Transcript {
  const result: Transcript = { tasks: [], messages: [], recap: {}, exit }
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    const banner = /^(?:TASK|RUNNING HANDLER) \[(.*)\] \*+$/.exec(line)
    if (banner && banner[1] !== 'meta') result.tasks.push(banner[1]!)
    const said = /^ok: \[(\w+)\](?: => \(item=.*\))? => \{$|^changed: \[(\w+)\] => \{$/.exec(line)
    if (said) {
      const end = lines.indexOf('}', i)
      const json = JSON.parse(
        lines
          .slice(i, end + 1)
          .join('\n')
          .replace(/^.*\{$/m, '{'),
      ) as { msg?: unknown }
      if (json.msg !== undefined) result.messages.push([said[1] ?? said[2]!, json.msg])
    }
    const recap =
      /^(\w+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+) +skipped=(\d+) +rescued=(\d+) +ignored=(\d+)/.exec(
        line,
      )
    if (recap) result.recap[recap[1]!] = recap.slice(2).map(Number)
  }
  return result
}
