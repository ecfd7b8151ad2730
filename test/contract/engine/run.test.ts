import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { RunEvent } from '../../../core/events/index.ts'
import { play, program, type RunOptions, runText } from '../../unit/engine/harness.ts'
import { type Sshd, startSshd } from '../sshd.ts'

const processes = (): string => execFileSync('ps', ['axo', 'args'], { encoding: 'utf8' })

/** Waits until a command line that nothing else on this machine has is at work. */
async function begun(line: string): Promise<void> {
  while (!processes().split('\n').includes(line)) await delay(50)
}

describe('the engine over a real sshd', function () {
  this.timeout(300_000)
  let sshd: Sshd
  let scratch: string

  before(async () => {
    sshd = await startSshd()
    scratch = mkdtempSync(join(tmpdir(), 'virtfleet-engine-'))
  })
  after(async () => {
    await sshd.stop()
    rmSync(scratch, { recursive: true })
  })

  const hosts = (...names: string[]): string =>
    [
      '[all:vars]',
      `ansible_host=127.0.0.1`,
      `ansible_port=${sshd.port}`,
      'ansible_user=root',
      `ansible_ssh_private_key_file=${sshd.keyFile}`,
      `virtfleet_host_key="${sshd.hostKey.split(' ').slice(0, 2).join(' ')}"`,
      'ansible_ssh_retries=0',
      '[all]',
      ...names,
    ].join('\n')

  /** Processes of this sshd that serve a connection. */
  const servers = (): number[] => {
    const text = execFileSync('ps', ['axo', 'pid,ppid,args'], { encoding: 'utf8' })
    return text.split('\n').flatMap((line) => {
      const [pid, ppid] = line.trim().split(/\s+/).map(Number)
      return ppid === sshd.pid ? [pid!] : []
    })
  }

  it('uses one connection for a play, and leases the host', async () => {
    const before = sshd.log.filter((line) => line.includes('Accepted publickey')).length
    const ran = await runText(
      play('- {name: a, command: id -un}\n- {name: b, command: ls /run/virtfleet}', 'hosts: all'),
      {
        hosts: hosts('one'),
      },
    )
    expect(ran.statuses('one')).to.deep.equal(['a: changed', 'b: changed'])
    expect(sshd.log.filter((line) => line.includes('Accepted publickey')).length - before).to.equal(1)
  })

  it('makes a second run wait, or says who has the host', async () => {
    const long = runText(play('- {name: long, command: sleep 8.17}', 'hosts: all'), { hosts: hosts('one') })
    await begun('sleep 8.17')
    const refused = await runText(play('- {name: t, command: echo}', 'hosts: all'), {
      hosts: hosts('one'),
      leaseWait: 0,
    })
    expect(refused.statuses('one')).to.deep.equal(['t: unreachable'])
    expect(refused.of('host_result')[0]?.message).to.contain('in use')
    const waited = await runText(play('- {name: t, command: echo}', 'hosts: all'), {
      hosts: hosts('one'),
      leaseWait: 20_000,
    })
    expect(waited.statuses('one')).to.deep.equal(['t: changed'])
    expect(waited.of('host_progress')[0]?.message).to.contain('waiting')
    expect((await long).exitCode).to.equal(0)
    const checked = runText(play('- {name: t, stat: {path: /}}', 'hosts: all'), { hosts: hosts('one'), check: true })
    expect((await checked).statuses('one')).to.deep.equal(['t: ok'])
  })

  it('calls a host unreachable whose connection is lost in a task, and says that the command may have run', async () => {
    const text = play(
      '- {name: long, command: "sleep {{ 60.3 if inventory_hostname == \'one\' else 1 }}"}\n- {name: next, debug: {msg: x}}',
      'hosts: all',
    )
    const running = runText(text, { hosts: `${hosts('one')}\nhere ansible_connection=local\n` })
    await begun('sleep 60.3')
    for (const pid of servers()) process.kill(pid, 'SIGKILL')
    const ran = await running
    expect(ran.statuses('one')).to.deep.equal(['long: unreachable'])
    expect(ran.of('host_result').find((one) => one.host === 'one')?.message).to.contain('may have run')
    expect(ran.statuses('here')).to.deep.equal(['long: changed', 'next: ok'])
    expect(ran.exitCode).to.equal(4)
  })

  it('forgets what ran ahead on a host that others send into a rescue', async () => {
    const [stale, after] = [join(scratch, 'stale'), join(scratch, 'after')]
    const text = play(
      `- block:
    - {name: first, stat: {path: /}}
    - {name: second, stat: {path: /tmp}}
  rescue:
    - {name: saved, set_fact: {where: ${after}}}
  always:
    - {name: made, file: {path: "{{ where | default('${stale}') }}", state: directory}}`,
      'hosts: all\nany_errors_fatal: true',
    )
    const ran = await runText(text, { hosts: `${hosts('away ansible_port=1')}\nhere ansible_connection=local\n` })
    expect(ran.statuses('here')).to.deep.equal(['first: ok', 'saved: ok', 'made: changed'])
    expect([existsSync(stale), existsSync(after)]).to.deep.equal([false, true])
  })

  async function interrupted(text: string, afterMs: number, options: RunOptions = {}) {
    const { InterruptController } = await program()
    const controller = new InterruptController()
    const events: RunEvent[] = []
    setTimeout(() => controller.interrupt(), afterMs)
    const ran = await runText(text, {
      hosts: hosts('one'),
      interrupts: controller,
      listeners: [(e) => events.push(e)],
      ...options,
    })
    return { ...ran, results: events.flatMap((one) => (one.event === 'host_result' ? [one.status] : [])) }
  }

  it('ends commands on an interrupt, also one that ignores TERM', async () => {
    for (const script of ['sleep 41.7', "trap '' TERM; sleep 41.8; sleep 41.9"]) {
      const ran = await interrupted(play(`- {name: t, shell: "${script}"}`, 'hosts: all'), 1500)
      expect(ran.results).to.deep.equal(['cancelled'])
      expect(ran.exitCode).to.equal(99)
    }
    for (let i = 0; i < 40 && /sleep 41\.[789]/.test(processes()); i++) await delay(100)
    expect(processes()).to.not.match(/sleep 41\.[789]/)
  })

  it('lets what must not be cut end whole', async () => {
    const { arg, defineRun, sh } = await program()
    const mark = join(scratch, 'whole')
    const shielded = defineRun({
      name: 'packages',
      summary: 'a test',
      args: arg.object({}),
      shielded: true,
      run: async (host) => {
        await host.run(sh`sleep 2; echo done > ${mark}`)
        return { changed: true }
      },
    })
    const { withModules } = await import('../../unit/engine/modules.ts')
    const text = play('- {name: t, packages: {}}\n- {name: u, debug: {msg: x}}', 'hosts: all')
    const ran = await interrupted(text, 1200, { registry: await withModules(shielded) })
    expect(ran.results).to.deep.equal(['changed'])
    expect(readFileSync(mark, 'utf8')).to.equal('done\n')
  })

  it('leaves a host alone whose key is another', async () => {
    const wrong = hosts('one').replace(
      /virtfleet_host_key=.*/,
      'virtfleet_host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"',
    )
    const ran = await runText(play('- {name: t, command: echo}', 'hosts: all'), { hosts: wrong })
    expect(ran.statuses('one')).to.deep.equal(['t: unreachable'])
    expect(ran.exitCode).to.equal(4)
  })
})
