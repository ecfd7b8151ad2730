import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { createVault } from '../../../core/secrets/index.ts'
import type { CliResult } from './cli.ts'
import { openRunLab, type RunLab } from './lab.ts'
import { Planted, shapes } from './planted.ts'
import { watchProcesses } from './process-watch.ts'
import { playbookWithSecrets } from './secret-play.ts'

/*
 * 100 secrets, planted wherever a user may have one; none shows itself in what a run says and writes, nor in what any process
 * on either side was called with.
 */

describe('secrets', () => {
  const planted = new Planted()
  const password = planted.add('the vault password')
  const vault = createVault([{ id: 'default', password }])
  let lab: RunLab
  let environment: string
  let args: string[]

  /** As YAML with the tag, to stand behind a colon. */
  const tagged = async (text: string): Promise<string> =>
    `!vault |\n${(await vault.encrypt(text)).trimEnd().replace(/^/gm, '          ')}`

  async function plantedVariables(): Promise<void> {
    const { work } = lab
    const texts = shapes.flatMap((shape, i) =>
      ['debugged', 'templated', 'copied', 'edited'].map((use) => planted.add(`${use} ${i}`, shape)),
    )
    const deep = { list: [planted.add('in a list'), { key: planted.add('in a dictionary', shapes[1]) }] }
    const loops = shapes.map((shape, i) => planted.add(`item ${i}`, shape))
    const named = { api: planted.add('in a name'), handled: planted.add('in a handler', shapes[3]) }
    await work.file(
      'group_vars/all/vault.yml',
      await vault.encrypt(stringify({ texts, deep, loops, named }, { lineWidth: 0 })),
    )
    const files = { from_vars_file: planted.add('vars_files', shapes[2]) }
    await work.file('vaulted.yml', await vault.encrypt(stringify(files)))
    await work.file(
      'included.yml',
      await vault.encrypt(stringify({ included: planted.add('include_vars', shapes[1]) })),
    )
    await work.file('extra.yml', await vault.encrypt(stringify({ extra: planted.add('extra variables') })))
    await work.file('files/vaulted.txt', await vault.encrypt(planted.add('a vaulted file', shapes[7])))
    await work.file('templates/t.j2', 'key = {{ one }}\nupper {{ one | trim }}\n')
    await work.file('password', `${password}\n`)
  }

  /** Users with passwords of their own, and an inventory that has them. */
  async function plantedHosts(): Promise<string> {
    const [first, second] = lab.machines
    const login = planted.add('the login password', (core) => `Log-in ${core} 'q"`)
    const become = planted.add('the become password', (core) => `Be-come$ ${core} "q'`)
    for (const host of lab.machines) {
      const made = await lab.native(
        host,
        `for u in planted climber; do id $u >/dev/null 2>&1 || useradd -m -s /bin/bash $u; done
printf '%s\\n' ${JSON.stringify(`planted:${login}`).replaceAll('$', '\\$')} ${JSON.stringify(`climber:${become}`).replaceAll('$', '\\$')} | chpasswd
echo 'climber ALL=(ALL) ALL' >/etc/sudoers.d/climber; mkdir -p /home/climber/.ssh; cp /root/.ssh/authorized_keys /home/climber/.ssh/; chown -R climber /home/climber/.ssh
rm -rf /root/planted /tmp/planted-*`,
      )
      expect(made).to.equal('')
    }
    const climber = { ansible_user: 'climber', ansible_become_password: become }
    const inventory = await lab.inventoryOf('hosts.yml', { [first.name]: climber, [second.name]: {} })
    const text = (await readFile(inventory, 'utf8')).replace(
      /ansible_become_password: .*/,
      `ansible_become_password: ${await tagged(become)}`,
    )
    const at = `${lab.work.folder}/inventory`
    await lab.work.file(
      'inventory',
      `${text.trimEnd()}\n    by_password:\n      ansible_host: ${second.address}\n      virtfleet_host_key: ${second.hostKey}\n      ansible_user: planted\n      ansible_ssh_private_key_file: /dev/null\n      ansible_password: ${await tagged(login)}\n`,
    )
    return at
  }

  before(async () => {
    lab = await openRunLab()
    await plantedVariables()
    const inventory = await plantedHosts()
    environment = planted.add('the environment of a task')
    const text = await playbookWithSecrets(planted, tagged, environment)
    while (planted.count < 100) planted.add('unused')
    const file = await lab.work.file('play.yml', text)
    args = [
      'run',
      '-i',
      inventory,
      '--vault-password-file',
      lab.work.path('password'),
      '-e',
      `@${lab.work.path('extra.yml')}`,
      file,
    ]
  })
  after(() => lab.close())

  const write = ['--log-file', 'run.log', '--events', 'events.jsonl']

  it('has planted a hundred, in a run that uses them', async () => {
    expect(planted.count).to.be.at.least(100)
  })

  for (const [name, more] of [
    ['console', ['-vvv', '--diff', ...write]],
    ['NDJSON', ['--output', 'ndjson', '--diff', '-vvv', ...write]],
    ['a check run', ['--check', '--diff', '-vv', ...write]],
  ] as const) {
    it(`none in ${name}, its files and process lists`, async () => {
      const watch = await watchProcesses()
      const result: CliResult = await lab.work.run([...args, ...more])
      const { commands, environments } = await watch.stop()
      expect(result.code, result.stdout + result.stderr).to.equal(0)
      const files = await Promise.all(['run.log', 'events.jsonl'].map((one) => readFile(lab.work.path(one), 'utf8')))
      expect(planted.shownIn([result.stdout, result.stderr, ...files].join('\n'))).to.deep.equal([])
      expect(planted.shownIn(commands)).to.deep.equal([])
      expect(planted.shownIn(environments.replaceAll(environment, ''))).to.deep.equal([])
      if (name !== 'a check run') expect(commands).to.include('sleep 0.37')
      expect(result.stdout).to.include('********')
    })
  }

  it('they were there: the files on the host have them', async () => {
    const found = await lab.native(lab.machines[1], 'cat /root/planted/*')
    expect(planted.shownIn(found).length).to.be.at.least(20)
  })
})
