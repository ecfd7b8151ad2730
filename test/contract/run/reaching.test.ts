import { createServer } from 'node:net'
import { expect } from 'chai'
import { type CliResult, finished } from './cli.ts'
import { openRunLab, type RunLab } from './lab.ts'

/*
 * Hosts that cannot be reached or used, and mistakes that show only at run time: the message, its hint, the exit code, and
 * what becomes of the others.
 */

const UNAME = '- hosts: all\n  gather_facts: false\n  tasks:\n    - command: uname\n'
const ID = '- hosts: all\n  gather_facts: false\n  become: true\n  tasks:\n    - command: id -u\n'

describe('hosts that cannot be used', () => {
  let lab: RunLab
  let c1: string
  let c2: string

  before(async () => {
    lab = await openRunLab()
    c1 = lab.machines[0].name
    c2 = lab.machines[1].name
  })
  after(() => lab.close())

  async function play(
    hosts: Record<string, Record<string, unknown>>,
    playbook: string,
    ...more: string[]
  ): Promise<CliResult> {
    return lab.work.play(await lab.inventoryOf('hosts.yml', hosts), playbook, ...more)
  }
  const quick = { ansible_ssh_retries: 0, ansible_timeout: 5 }

  it('one that refuses is unreachable, the others go on', async () => {
    const { code, stdout } = await play({ [c1]: { ...quick, ansible_port: 9 }, [c2]: {} }, UNAME)
    expect(stdout).to.match(new RegExp(`${c1}: .*:9: the connection was refused`))
    expect(stdout).to.match(/hint: .*/)
    expect(stdout).to.match(new RegExp(`${c1} : ok=0 .*unreachable=1`))
    expect(stdout).to.match(new RegExp(`${c2} : ok=1 .*unreachable=0`))
    expect(code).to.equal(4)
  })

  it('a name without an address', async () => {
    const { code, stdout } = await play({ [c1]: { ...quick, ansible_host: 'nowhere.invalid' } }, UNAME)
    expect(stdout).to.include('nowhere.invalid')
    expect(stdout).to.match(/hint: .*ansible_host/)
    expect(code).to.equal(4)
  })

  it('one that never answers', async () => {
    const mute = createServer(() => undefined)
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
    const { port } = mute.address() as { port: number }
    const { code, stdout } = await play({ [c1]: { ...quick, ansible_host: '127.0.0.1', ansible_port: port } }, UNAME)
    mute.close()
    expect(stdout).to.match(/timed out while waiting|no answer in 5 s/i)
    expect(code).to.equal(4)
  })

  it('a host key that is not the pinned one', async () => {
    const wrong = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`
    const { code, stdout } = await play({ [c1]: { virtfleet_host_key: wrong } }, UNAME)
    expect(stdout).to.match(/presented the ssh-ed25519 key SHA256:\S+, but the inventory pins/)
    expect(stdout).to.match(/hint: .*pinned key/)
    expect(code).to.equal(4)
  })

  it('an unknown host key, with the line to add', async () => {
    const [first] = lab.machines
    const { code, stdout } = await play({ [c1]: { virtfleet_host_key: undefined } }, UNAME)
    expect(stdout).to.include('host key')
    expect(stdout.replace(/\s+/g, ' ')).to.include(`${first.address} ${first.hostKey}`)
    expect(code).to.equal(4)
  })

  it('a wrong sudo password is tried once, on one host', async () => {
    const since = await lab.native(lab.machines[0], 'date +%s')
    const ops = { ansible_user: 'ops', ansible_become_password: 'wrong-password-1' }
    const { code, stdout } = await play({ [c1]: ops, [c2]: ops }, ID)
    expect(stdout).to.match(/sudo.*refused the password/)
    expect(stdout).not.to.include('wrong-password-1')
    expect(code).to.equal(4)
    const counts = await Promise.all(
      lab.machines.map((host) =>
        lab.native(
          host,
          `journalctl -q --since @${since} -t sudo | grep -c 'pam_unix(sudo:auth): authentication failure'`,
        ),
      ),
    )
    expect(counts.map(Number).reduce((a, b) => a + b)).to.equal(1)
  })

  it('a sudo that wants a password, and none is given', async () => {
    const { code, stdout } = await play({ [c1]: { ansible_user: 'ops' } }, ID)
    expect(stdout).to.match(/sudo.*asks for a password and none is given/)
    expect(stdout).to.include('--ask-become-pass')
    expect(code).to.equal(4)
  })

  it('no sudo on the host', async () => {
    const { code, stdout } = await play({ [c1]: { ansible_user: 'admin', ansible_become_exe: '/nowhere/sudo' } }, ID)
    expect(stdout).to.match(/sudo.*is not on the host/)
    expect(stdout).to.include('hint: ')
    expect(code).to.equal(4)
  })

  it('a full disk: the file is as it was, and nothing is left beside it', async () => {
    const [first] = lab.machines
    await lab.native(
      first,
      'mkdir -p /mnt/full; umount /mnt/full; mount -t tmpfs -o size=64k none /mnt/full; echo old >/mnt/full/file',
    )
    const file = await lab.work.file('big', 'x'.repeat(200_000))
    const copy = `- hosts: all\n  gather_facts: false\n  tasks:\n    - copy: {src: ${file}, dest: /mnt/full/file}\n`
    const { code, stdout } = await play({ [c1]: {} }, copy)
    expect(stdout).to.include('No space left on device')
    expect(stdout).to.include('/mnt/full')
    expect(code).to.equal(2)
    expect(await lab.native(first, 'cat /mnt/full/file; ls -A /mnt/full; umount /mnt/full')).to.equal('old\nfile')
  })

  it('an undefined variable is named, with its place', async () => {
    const { code, stdout } = await play(
      { [c1]: {} },
      "- hosts: all\n  gather_facts: false\n  vars: {a: '{{ b.c }}', hostname: x}\n  tasks:\n    - debug:\n        msg: 'is {{ a }}'\n    - debug: msg=never\n",
    )
    expect(stdout).to.match(/'b' is undefined.*play\.yml:3:/)
    expect(stdout).not.to.include('never')
    expect(code).to.equal(2)
  })

  it('errors of templates at run time have their place', async () => {
    await lab.work.file('t.j2', 'one\n{{ word.here }}\n')
    const { code, events } = await lab.work.events(
      await lab.inventoryOf('hosts.yml', { [c1]: {} }),
      `- hosts: all
  gather_facts: false
  vars: {word: abc}
  tasks:
    - debug: msg="{{ word + 1 }}"
      ignore_errors: true
    - debug: msg="{{ [1, 2][7] }}"
      ignore_errors: true
    - debug: msg=x
      when: word.nothing > 3
      ignore_errors: true
    - debug: msg="{{ lookup('file', '/nowhere') }}"
      ignore_errors: true
    - template: src=t.j2 dest=/tmp/t
      ignore_errors: true
    - debug: msg="{{ word | from_json }}"
      ignore_errors: true
    - fail: msg=end
`,
    )
    const messages = events.flatMap((e) => (e.event === 'host_result' ? [e.message ?? ''] : []))
    const places = ['play.yml:5:', 'play.yml:7:', 'play.yml:10:', 'play.yml:12:', 't.j2:2:', 'play.yml:16:', 'end']
    expect(messages.length).to.equal(places.length)
    for (const [i, place] of places.entries()) expect(messages[i]).to.include(place)
    expect(messages.join()).not.to.include('internal error')
    expect(code).to.equal(2)
    expect(finished(events).stats[c1]).to.include({ failed: 1, ignored: 6 })
  })
})
