import { expect } from 'chai'
import { type CliRun, finished, readEvents } from './cli.ts'
import { eventually, openRunLab, type RunLab, slowPackages } from './lab.ts'
import { openProxy } from './proxy.ts'

/*
 * A run that is stopped, by Ctrl-C or by the loss of its connection, in the middle of a package's installation, of a command
 * under sudo and of one that ignores TERM.
 */

const SERVICES = `
    - name: a unit
      become: true
      shell: systemctl reset-failed virtfleet-long 2>/dev/null; systemd-run -q --unit=virtfleet-long sleep 3331
    - name: a process left behind
      shell: nohup sleep 3332 >/dev/null 2>&1 &
`
const STUBBORN = `
    - name: the sudo'd one
      become: true
      command: sleep 3333
`
const DEAF = `
    - name: the deaf one
      become: true
      shell: trap '' TERM; sleep 3334; sleep 3334
`
const PACKAGE = (name: string) => `
    - name: the package
      become: true
      apt: name=${name}
    - name: never reached
      command: touch /root/never
`

const play = (tasks: string): string => `- hosts: all
  gather_facts: false
  tasks:${tasks}`

describe('interrupts', () => {
  let lab: RunLab
  let admin: string

  before(async () => {
    lab = await openRunLab()
    const [first] = lab.machines
    admin = await lab.inventoryOf('admin.yml', { [first.name]: { ansible_user: 'admin' } })
    const seconds = { 'virtfleet-slow1': 4, 'virtfleet-slow2': 3, 'virtfleet-slow3': 300, 'virtfleet-slow4': 4 }
    const purge = Object.keys(seconds).map((name) => `dpkg --force-all --purge ${name}; rm -f /run/${name}.*`)
    await native(`{ ${purge.join('; ')}; rm -f /root/never; } >/dev/null 2>&1`)
    expect(await native(slowPackages(lab.work.folder, seconds))).to.equal('')
  })
  after(() => lab.close())

  const native = (script: string): Promise<string> => lab.native(lab.machines[0], script)
  const processes = (pattern: string): Promise<string> => native(`pgrep -xf '${pattern}'`)
  const gone = (pattern: string): Promise<boolean> => eventually(async () => (await processes(pattern)) === '', 60_000)
  const there = (test: string): Promise<boolean> =>
    eventually(async () => (await native(`${test} && echo yes`)) === 'yes')
  /** Waits for what a run does on the host. */
  async function begun(run: CliRun, test: string): Promise<void> {
    const seen = await Promise.race([there(test), run.done.then(() => false)])
    expect(seen, run.said()).to.equal(true)
  }
  const free = (): Promise<boolean> =>
    eventually(
      async () =>
        (await native('flock -n /run/virtfleet/lease true && [ ! -s /tmp/virtfleet-*/lease ] && echo free')) === 'free',
    )

  async function servicesLive(): Promise<void> {
    expect(await native('systemctl is-active virtfleet-long')).to.equal('active')
    expect(await processes('sleep 3332')).to.match(/^\d+$/)
    await native('systemctl stop virtfleet-long; pkill -xf "sleep 3332"')
  }

  for (const [name, tasks, command] of [
    ["a sudo'd command", STUBBORN, 'sleep 3333'],
    ['a command that ignores TERM', DEAF, 'sleep 3334'],
  ] as const) {
    it(`one Ctrl-C ends ${name}, and lets services live`, async () => {
      const file = await lab.work.file('stop.yml', play(SERVICES + tasks))
      const run = lab.work.start(['run', '-i', admin, file])
      await begun(run, `pgrep -xf '${command}' >/dev/null`)
      run.child.kill('SIGINT')
      const { code, stdout } = await run.done
      expect(code).to.equal(99)
      expect(stdout).to.match(/stopped.*the (sudo'd|deaf) one.*/s)
      expect(await gone(command)).to.equal(true)
      await servicesLive()
      expect(await free()).to.equal(true)
    })
  }

  it('one Ctrl-C lets dpkg end, says that it waits for it, and starts nothing more', async () => {
    const file = await lab.work.file('stop.yml', play(SERVICES + PACKAGE('virtfleet-slow1')))
    const run = lab.work.start(['run', '-i', admin, '--output', 'ndjson', file])
    await begun(run, '[ -e /run/virtfleet-slow1.begun ]')
    run.child.kill('SIGINT')
    const { code, stdout } = await run.done
    expect(code).to.equal(99)
    const events = readEvents(stdout)
    const task = events.find((e) => e.event === 'task_started' && e.name === 'the package')
    const id = task?.event === 'task_started' ? task.task : ''
    const interrupted = events.find((e) => e.event === 'interrupted')
    expect(interrupted).to.deep.include({ level: 1, waiting_for: [{ task: id, host: lab.machines[0].name }] })
    expect(events.find((e) => e.event === 'host_result' && e.task === id)).to.include({ status: 'changed' })
    expect(finished(events).stopped_at).to.include("task 'the package'")
    expect(
      await native(
        'dpkg --audit; cat /run/virtfleet-slow1.ended; dpkg -s virtfleet-slow1 | grep ^Status; ls /root/never 2>&1',
      ),
    ).to.equal("ended\nStatus: install ok installed\nls: cannot access '/root/never': No such file or directory")
    await servicesLive()
    expect(await free()).to.equal(true)
  })

  it('the console says what it waits for and where it stopped', async () => {
    const file = await lab.work.file('stop.yml', play(PACKAGE('virtfleet-slow2')))
    const run = lab.work.start(['run', '-i', admin, file])
    await begun(run, '[ -e /run/virtfleet-slow2.begun ]')
    run.child.kill('SIGINT')
    await run.says(new RegExp(`wait.*the package.*${lab.machines[0].name}`, 's'))
    const { code, stdout } = await run.done
    expect(code).to.equal(99)
    expect(stdout).to.match(/stopped.*the package/s)
  })

  it('a second Ctrl-C does not wait for dpkg', async () => {
    const file = await lab.work.file('stop.yml', play(PACKAGE('virtfleet-slow3')))
    const run = lab.work.start(['run', '-i', admin, file])
    await begun(run, '[ -e /run/virtfleet-slow3.begun ]')
    run.child.kill('SIGINT')
    await run.says(/wait/)
    const begin = Date.now()
    run.child.kill('SIGINT')
    const { code, stdout } = await run.done
    expect(code).to.equal(99)
    expect(Date.now() - begin, 'the package takes 300 s').to.be.below(60_000)
    expect(stdout).to.match(/stopped.*the package/s)
    expect(await gone('sleep 300')).to.equal(true)
    expect(await free()).to.equal(true)
    await native('dpkg --force-all --purge virtfleet-slow3')
  })

  describe('the connection is cut', () => {
    async function cut(tasks: string, test: string): Promise<{ code: number; stdout: string }> {
      const [first] = lab.machines
      const proxy = await openProxy(first.address, first.port)
      try {
        const inventory = await lab.inventoryOf('proxied.yml', {
          [first.name]: {
            ansible_user: 'admin',
            ansible_host: '127.0.0.1',
            ansible_port: proxy.port,
            ansible_ssh_retries: 0,
          },
        })
        const file = await lab.work.file('cut.yml', play(tasks))
        const run = lab.work.start(['run', '-i', inventory, file])
        await begun(run, test)
        await proxy.cut()
        return await run.done
      } finally {
        await proxy.cut()
      }
    }

    for (const [name, tasks, command] of [
      ["a sudo'd command", STUBBORN, 'sleep 3333'],
      ['a command that ignores TERM', DEAF, 'sleep 3334'],
    ] as const) {
      it(`ends ${name}, and lets services live`, async () => {
        const { code, stdout } = await cut(SERVICES + tasks, `pgrep -xf '${command}' >/dev/null`)
        expect(code).to.equal(4)
        expect(stdout).to.include('the connection was lost; the command may have run')
        expect(stdout).to.match(/unreachable=1/)
        expect(await gone(command)).to.equal(true)
        await servicesLive()
        expect(await free()).to.equal(true)
      })
    }

    it('lets dpkg end', async () => {
      const { code, stdout } = await cut(PACKAGE('virtfleet-slow4'), '[ -e /run/virtfleet-slow4.begun ]')
      expect(code).to.equal(4)
      expect(stdout).to.include('the connection was lost')
      expect(await there('[ -e /run/virtfleet-slow4.ended ]')).to.equal(true)
      expect(await there("dpkg -s virtfleet-slow4 | grep -q 'install ok installed'")).to.equal(true)
      expect(await native('dpkg --audit; ls /root/never 2>/dev/null')).to.equal('')
      expect(await free()).to.equal(true)
    })
  })
})
