import { expect } from 'chai'
import { finished, readEvents, Workplace } from './cli.ts'

/*
 * Mistakes that are found before any host is touched: what is said, where, and the exit code. The host of the inventory does
 * not exist, and no test waits for it.
 */

const INVENTORY = 'all: {hosts: {h1: {ansible_host: 192.0.2.1}, h2: {ansible_host: 192.0.2.2}}}\n'

/** A playbook whose tasks are these lines. */
const tasks = (...lines: string[]): string =>
  ['- hosts: all', '  gather_facts: false', '  tasks:', ...lines.map((line) => `    ${line}`), ''].join('\n')

interface Case {
  readonly name: string
  readonly playbook?: string
  readonly inventory?: string
  readonly args?: readonly string[]
  readonly code: number
  /** Each stands in what is said. */
  readonly says: readonly (string | RegExp)[]
}

const CASES: readonly Case[] = [
  {
    name: 'malformed YAML',
    playbook: '- hosts: all\n  tasks:\n    - debug: msg="x"\n   - debug: msg=y\n',
    code: 4,
    says: [/^error: /m, /play\.yml:4:\d+/, 'no host was touched'],
  },
  {
    name: 'an unknown keyword of a play',
    playbook: '- hosts: all\n  gather_fact: false\n  tasks: []\n',
    code: 4,
    says: ["'gather_fact'", 'play.yml:2:3', /did you mean '?gather_facts/],
  },
  {
    name: 'an unknown keyword of a task',
    playbook: tasks('- debug: msg=x', '  wehn: true'),
    code: 4,
    says: ["'wehn'", 'play.yml:5:7', /did you mean '?when/],
  },
  {
    name: 'an unknown module',
    playbook: tasks('- coppy: src=a dest=b'),
    code: 4,
    says: ["'coppy'", 'play.yml:4:7', /did you mean '?copy/],
  },
  {
    name: 'an unknown argument',
    playbook: tasks('- copy: {content: x, dst: /tmp/x}'),
    code: 4,
    says: ["copy has no argument 'dst'", 'play.yml:4:26', /did you mean '?dest/],
  },
  {
    name: 'a value that is none of the choices',
    playbook: tasks('- file: {path: /tmp/x, state: directry}'),
    code: 4,
    says: ["'directry'", 'play.yml:4:35', /did you mean '?directory/],
  },
  {
    name: 'a template that cannot be parsed',
    playbook: tasks('- debug: msg="{{ a | }}"'),
    code: 4,
    says: [/play\.yml:4:\d+/],
  },
  {
    name: 'an unknown filter',
    playbook: tasks('- debug: msg="{{ a | uper }}"'),
    code: 4,
    says: ["'uper'", /play\.yml:4:\d+/, /did you mean '?upper/],
  },
  {
    name: 'all mistakes at once',
    playbook: tasks('- debug: msg=x', '  wehn: true', '- coppy: a=b', '- copy: {content: x, dst: /tmp/x}'),
    code: 4,
    says: ["'wehn'", "'coppy'", "'dst'", /[34] mistakes; no host was touched/],
  },
  {
    name: 'an unknown host in --limit',
    playbook: tasks('- debug: msg=x'),
    args: ['--limit', 'h3'],
    code: 1,
    says: ["no host matches --limit 'h3'", 'did you mean h1?'],
  },
  {
    name: 'a malformed inventory',
    inventory: 'all:\n  hosts:\n    h1:\n   h2:\n',
    code: 4,
    says: ['inventory.yml:3:8', 'the indentation does not fit'],
  },
  {
    name: 'an unknown key of an inventory',
    inventory: 'all:\n  host:\n    h1:\n',
    code: 4,
    says: ["'host'", 'inventory.yml:2:3', /did you mean '?hosts/],
  },
  { name: 'an inventory that is not there', args: ['-i', 'nowhere.yml'], code: 4, says: ['nowhere.yml'] },
  { name: 'an unknown option', args: ['--chekc'], code: 5, says: ["unknown option '--chekc'", 'Did you mean --check'] },
  { name: 'a bad value of an option', args: ['--forks', 'many'], code: 5, says: ['--forks', 'whole number'] },
  { name: 'an unknown output', args: ['--output', 'xml'], code: 5, says: ['--output', 'console, ndjson'] },
  {
    name: 'a missing password file',
    args: ['--become-password-file', 'nowhere'],
    playbook: tasks('- debug: msg=x'),
    code: 1,
    says: ['cannot read the password file nowhere: ENOENT'],
  },
  {
    name: 'a vault without a password',
    playbook:
      '- hosts: all\n  vars:\n    a: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n  tasks:\n    - debug: var=a\n',
    code: 4,
    says: [/play\.yml:3:\d+/, 'vault'],
  },
]

describe('mistakes before the run', () => {
  const work = new Workplace()
  after(() => work.remove())

  const run = async ({ playbook, inventory, args = [] }: Case) => {
    const hosts = await work.file('inventory.yml', inventory ?? INVENTORY)
    const file = await work.file('play.yml', playbook ?? tasks('- debug: msg=x'))
    return work.run(['run', ...(args.includes('-i') ? [] : ['-i', hosts]), ...args, file])
  }

  for (const one of CASES) {
    it(one.name, async () => {
      const { code, stdout, stderr } = await run(one)
      for (const text of one.says) {
        if (typeof text === 'string') expect(stderr + stdout).to.include(text)
        else expect(stderr + stdout).to.match(text)
      }
      expect(stderr).not.to.match(/internal error|\n {4}at /)
      expect(code, stderr + stdout).to.equal(one.code)
    })
  }

  it('a playbook that cannot be read', async () => {
    const hosts = await work.file('inventory.yml', INVENTORY)
    const { code, stderr } = await work.run(['run', '-i', hosts, 'nowhere.yml'])
    expect(stderr).to.include('nowhere.yml')
    expect(stderr).to.include('no host was touched')
    expect(code).to.equal(4)
  })

  it('no playbook, and no verb', async () => {
    expect((await work.run(['run'])).code).to.equal(5)
    expect((await work.run(['rnu'])).code).to.equal(5)
    expect((await work.run([])).code).to.equal(5)
  })

  it('are events for programs', async () => {
    const hosts = await work.file('inventory.yml', INVENTORY)
    const file = await work.file('play.yml', tasks('- coppy: a=b'))
    const { code, stdout } = await work.run(['run', '-i', hosts, '--output', 'ndjson', file])
    const events = readEvents(stdout)
    expect(events.map((e) => e.event)).to.deep.equal(['run_started', 'diagnostic', 'run_finished'])
    expect(events[1]).to.deep.include({ severity: 'error', at: { file, line: 4, column: 7 } })
    expect([code, finished(events).exit_code]).to.deep.equal([4, 4])
  })

  it('--syntax-check tells whether there are any', async () => {
    const hosts = await work.file('inventory.yml', INVENTORY)
    const file = await work.file('play.yml', tasks('- debug: msg=x'))
    expect((await work.run(['run', '-i', hosts, '--syntax-check', file])).code).to.equal(0)
  })
})
