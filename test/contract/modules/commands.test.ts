import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { z } from 'zod'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import { ModuleFailure, type RunModule } from '../../../core/module/types.ts'
import command from '../../../modules/commands/command.ts'
import raw from '../../../modules/commands/raw.ts'
import script from '../../../modules/commands/script.ts'
import shell from '../../../modules/commands/shell.ts'
import { askAnsible } from '../../unit/modules/files/ansible.ts'
import { SshdHost } from './sshd-host.ts'

// biome-ignore lint/suspicious/noExplicitAny: a table of modules of every type
const MODULES: Record<string, RunModule<any, any>> = { command, shell, script, raw }

/** Module, arguments as a playbook has them. Each is run by Ansible and by us in the same folder. */
const SAME: readonly (readonly [string, JsonObject | string])[] = [
  ['command', { cmd: 'echo hi' }],
  ['command', { cmd: 'printf "a\\nb\\n\\n"' }],
  ['command', { cmd: 'printf "a\\n\\n"', strip_empty_ends: false }],
  ['command', { cmd: `echo "two  words" 'it"s' a\\ b` }],
  ['command', { cmd: 'echo $VF_SET ${VF_SET}x "$VF_UNSET" $VF_UNSET $$ a$' }],
  ['command', { cmd: 'echo *.txt `id` $(id) | cat > x ; echo y && z' }],
  ['command', { cmd: 'echo ~ ~/x a~b' }],
  ['command', { argv: ['echo', 'a b', '', '*', '-n'] }],
  ['command', { cmd: 'sh -c "echo out; echo err >&2; exit 3"' }],
  ['command', { cmd: 'pwd', chdir: 'FOLDER/sub dir' }],
  ['command', { cmd: 'echo no', creates: 'FOLDER/a.txt' }],
  ['command', { cmd: 'echo no', creates: 'FOLDER/*.txt' }],
  ['command', { cmd: 'echo yes', creates: 'FOLDER/*.none' }],
  ['command', { cmd: 'echo no', removes: 'FOLDER/none' }],
  ['command', { cmd: 'echo yes', removes: 'FOLDER/[ab].txt' }],
  ['command', { cmd: 'echo no', creates: 'a.txt', chdir: 'FOLDER' }],
  ['command', { cmd: 'cat', stdin: 'one\ntwo' }],
  ['command', { cmd: 'cat', stdin: 'x', stdin_add_newline: false }],
  ['command', { cmd: 'cat' }],
  ['command', { cmd: 'printf "é\\r\\nü"' }],
  ['shell', { cmd: 'echo "$0"; for i in 1 2; do echo $i; done | tail -1' }],
  ['shell', { cmd: 'cd sub\\ dir && pwd', chdir: 'FOLDER' }],
  ['shell', { cmd: 'exit 7' }],
  ['shell', { cmd: '[[ a == a* ]] && echo bash', executable: '/bin/bash' }],
  ['shell', { cmd: 'cat; echo end', stdin: 'in' }],
]

/** Where the moment or the folder of the run shows. */
const VOLATILE = ['start', 'end', 'delta', 'warnings', 'deprecations', 'exception', 'invocation']

describe('commands on a real host', function () {
  this.timeout(300_000)
  const lab = new SshdHost()
  const work = mkdtempSync(join(tmpdir(), 'virtfleet-commands-'))
  let answers: JsonObject[] = []
  const here = (input: Json): JsonObject => JSON.parse(JSON.stringify(input).replaceAll('FOLDER', work)) as JsonObject

  before(async () => {
    await lab.start()
    mkdirSync(join(work, 'sub dir'))
    for (const name of ['a.txt', 'b.txt']) writeFileSync(join(work, name), '')
    const tasks = SAME.map(([name, args]) => ({
      [name]: here(args),
      environment: { VF_SET: 'set value', HOME: '/root' },
    }))
    answers = askAnsible(work, tasks)
  })
  after(async () => {
    await lab.stop()
    rmSync(work, { recursive: true })
  })

  /** As the engine does: `failed` in the answer, and a failure is an answer too. */
  async function run(name: string, input: Json): Promise<JsonObject> {
    const module = MODULES[name]!
    const host = lab.host({ environment: { VF_SET: 'set value', HOME: '/root' } })
    try {
      return (await module.run(host, (module.args as z.ZodType).parse(input))) as JsonObject
    } catch (error) {
      if (!(error instanceof ModuleFailure)) throw error
      return { failed: true, msg: error.message }
    }
  }

  for (const [i, [name, args]] of SAME.entries()) {
    it(`${name} ${JSON.stringify(args)} comes to what Ansible says`, async () => {
      const plain = (one: JsonObject): JsonObject => ({
        failed: false,
        ...Object.fromEntries(Object.entries(one).filter(([key, value]) => !VOLATILE.includes(key) && value !== null)),
      })
      expect(plain(await run(name, here(args)))).to.deep.equal(plain(answers[i]!))
    })
  }

  it('leaves variables as they are written where that is asked for', async () => {
    expect(await run('command', { cmd: 'echo $VF_SET', expand_argument_vars: false })).to.include({ stdout: '$VF_SET' })
  })
  it("tells a command that was killed by the shell's status", async () => {
    expect(await run('shell', { cmd: 'kill -9 $$' })).to.include({ rc: 137, failed: true })
  })
  it('tells start, end and delta as Ansible does', async () => {
    const ours = await run('command', { cmd: 'true' })
    for (const key of ['start', 'end', 'delta']) {
      const shape = (one: unknown): string => String(one).replace(/\d/g, '9')
      expect(shape(ours[key])).to.equal(shape(answers[0]![key]))
    }
  })

  it('runs a script of the controller by its interpreter, and leaves nothing', async () => {
    writeFileSync(
      join(lab.playbook, 'say it.sh'),
      '#!/bin/bash -e\necho "$BASH_VERSION" | cut -c1; echo "$1-$2"; cat; exit 4\n',
    )
    const before = readdirSync(tmpdir()).filter((one) => one.startsWith('tmp.'))
    const result = await run('script', { cmd: "'say it.sh' 'a b' $HOME" })
    expect(result).to.include({ rc: 4, failed: true, changed: true })
    expect(String(result.stdout).split('\n').slice(1)).to.deep.equal(['a b-$HOME'])
    expect(readdirSync(tmpdir()).filter((one) => one.startsWith('tmp.') && !before.includes(one))).to.deep.equal([])
  })
  it('gives raw text to the shell as it is', async () => {
    expect(await run('raw', { _raw_params: 'echo a; echo b | tr b c; exit 2' })).to.include({
      stdout: 'a\nc\n',
      rc: 2,
      failed: true,
    })
  })
  it('says that the folder to run in is missing', async () => {
    expect(await run('command', { cmd: 'pwd', chdir: '/no/such' })).to.deep.equal({
      failed: true,
      msg: 'cannot change to folder /no/such',
    })
  })
  it('has no result in check mode but what creates and removes tell', async () => {
    const check = async (input: JsonObject): Promise<unknown> =>
      command.check!(lab.host({}, true), command.args.parse(input) as never)
    expect(await check({ cmd: 'touch /x' })).to.deep.include({ skipped: true })
    expect(await check({ cmd: 'touch /x', creates: join(work, 'a.txt') })).to.include({ changed: false, rc: 0 })
    expect(await check({ cmd: 'touch /x', creates: join(work, 'none') })).to.deep.include({ skipped: true })
  })
})
