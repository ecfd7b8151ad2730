import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { expect } from 'chai'
import { play, runText } from '../../unit/engine/harness.ts'
import { type Sshd, startSshd } from '../sshd.ts'

describe('the lease of a host', function () {
  this.timeout(60_000)
  let sshd: Sshd

  before(async () => {
    sshd = await startSshd({ users: { plain: { shell: '/bin/sh' } } })
  })
  after(() => sshd.stop())

  it('is not taken for what runs ahead of its turn', async () => {
    const user = sshd.user('plain')
    const hosts = `[all:vars]
ansible_host=127.0.0.1
ansible_port=${sshd.port}
ansible_user=${user}
ansible_ssh_private_key_file=${sshd.keyFile}
virtfleet_host_key="${sshd.hostKey.split(' ').slice(0, 2).join(' ')}"
[all]
h1
`
    const tasks = '- file: path=/no/such/file state=file\n  check_mode: true\n- stat: path=/\n'
    const uid = Number(execFileSync('id', ['-u', user], { encoding: 'utf8' }))
    const file = `/tmp/virtfleet-${uid}/lease`
    rmSync(file, { force: true })
    const ran = await runText(play(tasks), { hosts })
    expect(ran.statuses('h1')).to.deep.equal(['file: failed'])
    expect(existsSync(file)).to.equal(false)
  })
})
