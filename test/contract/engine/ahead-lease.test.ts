import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { expect } from 'chai'
import { Session } from '../../../core/connection/shell/session.ts'
import { play, runText } from '../../unit/engine/harness.ts'
import { type Sshd, startSshd } from '../sshd.ts'

describe('the lease of a host', function () {
  this.timeout(60_000)
  let sshd: Sshd

  before(async () => {
    sshd = await startSshd({ users: { plain: { shell: '/bin/sh' } } })
  })
  after(() => sshd.stop())

  const inventory = (user: string): string => `[all:vars]
ansible_host=127.0.0.1
ansible_port=${sshd.port}
ansible_user=${user}
ansible_ssh_private_key_file=${sshd.keyFile}
virtfleet_host_key="${sshd.hostKey.split(' ').slice(0, 2).join(' ')}"
[all]
h1
`

  it('is not taken for what runs ahead of its turn', async () => {
    const user = sshd.user('plain')
    const tasks = '- file: path=/no/such/file state=file\n  check_mode: true\n- stat: path=/\n'
    const uid = Number(execFileSync('id', ['-u', user], { encoding: 'utf8' }))
    const file = `/tmp/virtfleet-${uid}/lease`
    rmSync(file, { force: true })
    const ran = await runText(play(tasks), { hosts: inventory(user) })
    expect(ran.statuses('h1')).to.deep.equal(['file: failed'])
    expect(existsSync(file)).to.equal(false)
  })

  it('is taken by the first task that needs it, and others run ahead behind that one', async () => {
    const { run } = Session.prototype
    let batches = 0
    Session.prototype.run = function (commands) {
      batches++
      return run.call(this, commands)
    }
    try {
      const plain = '- file: path=/tmp state=directory\n'
      const tasks = `${plain}  check_mode: true\n${plain.repeat(7)}`
      const ran = await runText(play(tasks), { hosts: inventory(sshd.user('plain')) })
      expect(ran.statuses('h1')).to.deep.equal(Array(8).fill('file: ok'))
      expect(batches).to.equal(2)
    } finally {
      Session.prototype.run = run
    }
  })

  it('is not called another run by a check run whose task has taken it to act', async () => {
    // With a time limit it lets nothing run ahead.
    const tasks = '- command: "true"\n  check_mode: false\n  timeout: 30\n- stat: path=/\n'
    const ran = await runText(play(tasks), { hosts: inventory(sshd.user('plain')), check: true })
    expect(ran.statuses('h1')).to.deep.equal(['command: changed', 'stat: ok'])
    expect(ran.events.filter((one) => one.event === 'diagnostic')).to.deep.equal([])
  })
})
