import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { labDestroy, labDown, labPrepare, labSshCommand, labStatus, labUp } from '../../../lab/index.ts'
import { greets } from '../../../lab/machine.ts'
import { namespacePath } from '../../../lab/network.ts'
import { findMarked } from '../../../lab/process.ts'
import { readLab } from '../../../lab/state.ts'

const quiet = () => {}
const execute = promisify(execFile)

async function ssh(dir: string, name: string, command: string, user = 'root', time = 60_000): Promise<string> {
  const [program = '', ...args] = await labSshCommand({ dir, name, user, command: [command] })
  return (await execute(program, args, { timeout: time, killSignal: 'SIGKILL' })).stdout.trim()
}

/** What this machine shows of labs: mounts, links, control groups and run folders. */
async function traces(id: string, dir: string): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(dir))
  const links = (await readdir('/sys/class/net')).filter((name) => name.includes(id))
  const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']
    .map((hierarchy) => join(hierarchy, `virtfleet-lab-${id}`))
    .filter((path) => existsSync(path))
  const commands: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (Number(pid) !== process.pid && line.includes(dir)) commands.push(line.replaceAll('\0', ' '))
  }
  const marked = findMarked(id).map(({ pid }) => `marked ${pid}`)
  const files = [dir, `/run/virtfleet-lab-${id}`].filter((path) => existsSync(path))
  return [...mounts, ...links, ...groups, ...commands, ...marked, ...files]
}

describe('lab: containers', function () {
  this.timeout(600_000)
  let base: string
  let dir: string

  before(async function () {
    // On a fresh machine the image is built first, from packages over the network.
    this.timeout(60 * 60_000)
    await labPrepare(['plain'], quiet)
    base = await mkdtemp(join(tmpdir(), 'virtfleet-lab-test-'))
    dir = join(base, 'one')
  })
  after(async () => {
    for (const name of await readdir(base)) await labDestroy({ dir: join(base, name) }, quiet)
    await rm(base, { recursive: true, force: true })
  })

  it('brings two up, each with its pinned key, and a second time changes nothing', async () => {
    const options = { dir, hypervisors: 0, containers: 2, yes: true }
    const first = await labUp(options, quiet)
    expect(first.started).to.deep.equal(['c1', 'c2'])
    const inventory = await readFile(first.files.inventory, 'utf8')
    const state = await readFile(join(dir, 'state.json'), 'utf8')
    const second = await labUp(options, quiet)
    expect(second.started).to.deep.equal([])
    expect(await readFile(join(dir, 'state.json'), 'utf8')).to.equal(state)
    expect(await readFile(second.files.inventory, 'utf8')).to.equal(inventory)
    expect(await ssh(dir, 'c1', 'hostname; systemctl is-system-running --wait')).to.equal('c1\nrunning')
    const keys = await Promise.all(
      ['c1', 'c2'].map((name) => ssh(dir, name, 'cut -d" " -f1-2 /etc/ssh/ssh_host_ed25519_key.pub')),
    )
    expect(first.lab.state.machines.map((machine) => machine.hostKey)).to.deep.equal(keys)
    expect(new Set(keys).size).to.equal(2)
  })

  it('has the users, shells and network freedom that contract tests need', async () => {
    expect(await ssh(dir, 'c1', 'sudo -n id -un', 'admin')).to.equal('root')
    expect(await ssh(dir, 'c1', 'sudo -n true 2>/dev/null || echo asked', 'ops')).to.equal('asked')
    expect(
      await ssh(
        dir,
        'c1',
        'for s in dash bash busybox mksh doas sudo; do command -v $s >/dev/null || echo no $s; done',
      ),
    ).to.equal('')
    const bridge =
      'ip link add br7 type bridge && ip link add v7 type veth peer name v8 && ip link set v7 master br7 && echo ok'
    expect(await ssh(dir, 'c1', bridge)).to.equal('ok')
    expect(await ssh(dir, 'c1', 'sysctl -qw net.ipv4.ip_forward=1 && cat /proc/sys/net/ipv4/ip_forward')).to.equal('1')
    expect(await ssh(dir, 'c1', 'ping -c1 -W2 c2 >/dev/null && echo reached')).to.equal('reached')
  })

  it('lets nothing but a container answer for it while its cable is out', async () => {
    const { network, machines = [] } = (await readLab(dir))?.state ?? {}
    const address = machines[0]?.address ?? ''
    if (!network?.uplink) throw new Error('the lab has no network')
    const cable = (state: string) =>
      execute('nsenter', [`--net=${namespacePath(network)}`, 'ip', 'link', 'set', 'vb-c1', state])
    const command = ssh(dir, 'c1', 'sleep 5; echo the same')
    await ssh(dir, 'c1', 'true')
    await cable('down')
    // Sent to the container's hardware address as long as we remember that, which is for half a minute.
    const answered = greets(address, 22, 1500).then(() => execute('ss', ['-Htnp', 'dst', address]))
    const { stdout } = await answered.finally(() => cable('up'))
    expect(stdout).not.to.match(new RegExp(`pid=${network.uplink.pid},`))
    expect(await command).to.equal('the same')
  })

  it('comes back with its disk after down, and after a reboot from inside', async () => {
    await ssh(dir, 'c1', 'echo kept > /root/file; sync')
    await labDown({ dir }, quiet)
    const stopped = await labStatus({ dir })
    expect(stopped.machines.map((machine) => machine.status)).to.deep.equal(['stopped', 'stopped'])
    await labUp({ dir, hypervisors: 0, containers: 2, yes: true }, quiet)
    expect(await ssh(dir, 'c1', 'cat /root/file')).to.equal('kept')
    const boot = await ssh(dir, 'c1', 'cut -d" " -f22 /proc/1/stat')
    // A connection may hang when the machine goes down under it.
    const brief = 15_000
    await ssh(dir, 'c1', 'systemctl reboot', 'root', brief).catch(() => '')
    let now = boot
    for (const until = Date.now() + 300_000; now === boot && Date.now() < until; await sleep(250)) {
      now = await ssh(dir, 'c1', 'cut -d" " -f22 /proc/1/stat; cat /root/file', 'root', brief).catch(() => boot)
    }
    expect(now).to.match(/\nkept$/)
  })

  it('lives beside a second lab, and destroy leaves nothing of one and all of the other', async () => {
    const other = join(base, 'two')
    await labUp({ dir: other, hypervisors: 0, containers: 1, yes: true }, quiet)
    const [one, two] = [await readLab(dir), await readLab(other)]
    expect(one?.state.network?.subnet).to.not.equal(two?.state.network?.subnet)
    const id = one?.state.id ?? ''
    expect(await traces(id, dir)).to.not.have.length(0)
    expect(await labDestroy({ dir }, quiet)).to.equal(true)
    expect(await traces(id, dir)).to.deep.equal([])
    expect(await ssh(other, 'c1', 'echo alive')).to.equal('alive')
    expect(await labDestroy({ dir }, quiet)).to.equal(false)
  })

  // From before the first container has anything to itself, until inits run, that ignore what they do not know yet.
  for (const processes of [1, 4, 6, 8]) {
    it(`destroys what an up left that was killed when ${processes} of its processes ran`, async () => {
      const half = join(base, `half-${processes}`)
      const command = ['--import', 'tsx', 'lab/main.ts', 'up', '--dir', half, '--containers', '3', '--yes']
      const child = spawn(process.execPath, command, { stdio: 'ignore' })
      let id = ''
      let running = 0
      for (const until = Date.now() + 120_000; Date.now() < until && running < processes; ) {
        await sleep(5)
        id = (await readLab(half))?.state.id ?? ''
        running = findMarked(id).length
      }
      child.kill('SIGKILL')
      // Counted once: some of them are gone a moment later.
      expect(running).to.be.at.least(processes)
      expect(await labDestroy({ dir: half }, quiet)).to.equal(true)
      expect(await traces(id, half)).to.deep.equal([])
    })
  }

  it('destroys a container whose init has outlived what started it', async () => {
    const orphan = join(base, 'orphan')
    const { lab } = await labUp({ dir: orphan, hypervisors: 0, containers: 1, yes: true }, quiet)
    const { id } = lab.state
    for (const { pid } of findMarked(id)) process.kill(pid, 'SIGKILL')
    expect(await traces(id, orphan)).to.not.deep.equal([orphan])
    expect(await labDestroy({ dir: orphan }, quiet)).to.equal(true)
    expect(await traces(id, orphan)).to.deep.equal([])
  })
})
