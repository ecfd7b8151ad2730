import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { planMachines } from '../../lab/options.ts'
import { neededPackages } from '../../lab/packages.ts'
import { openTestLab, type TestLab } from '../../lab/testing.ts'
import { Distance } from '../distance/proxy.ts'
import { type CommandLine, type Measured, measure } from '../measure.ts'
import { launcher } from '../peers/virtfleet.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { median, ratio } from '../statistics.ts'
import { batchScript } from '../work/batch/script.ts'

const PLAYBOOK = fileURLToPath(new URL('../work/batch/site.yml', import.meta.url))
const THEIRS = fileURLToPath(new URL('../work/batch/ansible.yml', import.meta.url))
const MACHINES = 30
/** Round trips are counted for so many, and must be the same. */
const [FEW, MANY] = [5, 50]
const BASE = '/var/lib/libvirt/images/base.qcow2'

export const batch: Scenario = {
  name: 'batch',
  summary: `${MACHINES} machines on one hypervisor, made and asked for again`,
  fullOnly: true,
  packages: [
    'ansible',
    'openssh-client',
    'time',
    ...neededPackages(planMachines({ hypervisors: 0, containers: { libvirt: 1 } })),
  ],
  async run(bench) {
    const lab = await openTestLab({ containers: 1, variant: 'libvirt' })
    const host = new Hypervisor(lab)
    try {
      return await compare(bench, host)
    } finally {
      host.remove()
      await lab.close()
    }
  },
}

async function compare(bench: Bench, host: Hypervisor) {
  await host.prepare()
  const peers: readonly { name: 'virtfleet' | 'script' | 'ansible'; line: () => CommandLine; rounds: number }[] = [
    { name: 'script', line: () => host.script(MACHINES), rounds: bench.quick ? 2 : 3 },
    { name: 'virtfleet', line: () => host.virtfleet(MACHINES), rounds: bench.quick ? 2 : 3 },
    { name: 'ansible', line: () => host.ansible(MACHINES), rounds: 1 },
  ]
  const made = new Map<string, number[]>(peers.map(({ name }) => [name, []]))
  const again = new Map<string, number[]>(peers.map(({ name }) => [name, []]))
  for (let round = 0; round < 3; round++) {
    for (const { name, line, rounds } of peers) {
      if (round >= rounds) continue
      await host.clear()
      const first = await measure(line())
      await host.expectRunning(MACHINES)
      const second = await measure(line())
      made.get(name)?.push(first.wallMs)
      again.get(name)?.push(second.wallMs)
      bench.say(`round ${round + 1}: ${name} ${Math.round(first.wallMs)} ms, again ${Math.round(second.wallMs)} ms`)
    }
  }
  const few: Turns = { make: [], again: [] }
  const many: Turns = { make: [], again: [] }
  for (let round = 0; round < 3; round++) {
    await host.turns(FEW, few)
    await host.turns(MANY, many)
  }
  for (const [machines, { make, again }] of [
    [FEW, few],
    [MANY, many],
  ] as const)
    bench.say(`round trips of ${machines} machines: ${make.join(', ')} to make, ${again.join(', ')} again`)
  const of = (times: Times, name: string): number[] => times.get(name) ?? []
  return {
    figures: {
      script_ratio: ratio(of(made, 'virtfleet'), of(made, 'script')),
      ansible_ratio: ratio(of(made, 'ansible'), of(made, 'virtfleet')),
      script_rerun_ratio: ratio(of(again, 'virtfleet'), of(again, 'script')),
      ansible_rerun_ratio: ratio(of(again, 'ansible'), of(again, 'virtfleet')),
      batch_turns_ratio: Math.min(...many.make) / Math.min(...few.make),
      batch_rerun_turns_ratio: Math.min(...many.again) / Math.min(...few.again),
    },
    charts: [
      { title: `${MACHINES} machines: made`, unit: 's', bars: bars(made) },
      { title: `${MACHINES} machines: nothing to change`, unit: 's', bars: bars(again) },
    ],
    notes: [
      `The hypervisor is a systemd container with a real libvirtd; the machines are emulated, have 32 MiB, an overlay of one image and no \
system. The script runs on the hypervisor, one virsh a step, as people write it. Ansible's modules are those of community.libvirt in \
Debian's package, with pipelining.`,
    ],
  }
}

type Times = ReadonlyMap<string, number[]>

/** Round trips, run by run; a busy machine splits one in two now and then, so that the fewest are what a run takes. */
type Turns = Readonly<Record<'make' | 'again', number[]>>

const bars = (times: Times) => [...times].map(([label, values]) => ({ label, value: median(values) / 1000 }))

/** A container with libvirt, as root sees it by SSH. */
class Hypervisor {
  private readonly lab: TestLab
  private readonly folder = mkdtempSync(join(tmpdir(), 'virtfleet-bench-batch-'))

  constructor(lab: TestLab) {
    this.lab = lab
  }

  /** The base image, what Ansible's modules need there, and the definition that all peers use. */
  async prepare(): Promise<void> {
    const { address, port, hostKey } = this.lab.machines[0]!
    writeFileSync(join(this.folder, 'known_hosts'), `[${address}]:${port},${address} ${hostKey}\n`)
    await this.tell(`qemu-img create -q -f qcow2 ${BASE} 64M
virsh -q net-start default
apt-get -q update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install python3-libvirt python3-lxml >/dev/null`)
    await measure(this.virtfleet(1))
    const definition = await this.tell('virsh dumpxml --inactive m01')
    writeFileSync(
      this.definition,
      definition
        .replace(/^ *<uuid>.*\n/m, '')
        .replace(/^ *<mac address=.*\n/m, '')
        .replaceAll('m01', '@name@'),
    )
    this.text = definition
    await this.clear()
  }

  private text = ''
  private get definition(): string {
    return join(this.folder, 'definition.xml')
  }

  async clear(): Promise<void> {
    await this.tell(`for name in $(virsh list --all --name); do virsh -q destroy "$name" 2>/dev/null; virsh -q undefine "$name"; done
find /var/lib/libvirt/images -name 'm*.qcow2' -delete; rm -rf /var/lib/virtfleet; sync`)
  }

  async expectRunning(machines: number): Promise<void> {
    const running = Number(await this.tell('virsh list --name | grep -c .'))
    if (running !== machines) throw new Error(`${running} machines run, not ${machines}`)
  }

  script(machines: number): CommandLine {
    const definition = this.text
      .replace(/^ *<uuid>.*\n/m, '')
      .replace(/^ *<mac address=.*\n/m, '')
      .replaceAll('m01', '@name@')
    const file = join(this.folder, 'script')
    writeFileSync(file, batchScript(machines, BASE, definition))
    return { argv: ['sh', '-c', `exec ${this.ssh.map(quoted).join(' ')} sh -s <${quoted(file)}`] }
  }

  virtfleet(machines: number, way?: { host: string; port: number }): CommandLine {
    const extra = ['-e', `machines=${machines}`, '-e', `base=${BASE}`]
    return {
      argv: [process.execPath, launcher, 'run', '-i', this.inventory(way), ...extra, PLAYBOOK],
      env: { HOME: this.folder },
      cwd: dirname(PLAYBOOK),
    }
  }

  ansible(machines: number): CommandLine {
    const extra = ['-e', `machines=${machines}`, '-e', `base=${BASE}`, '-e', `definition=${this.definition}`]
    return {
      argv: ['/usr/bin/ansible-playbook', '-i', this.inventory(), ...extra, THEIRS],
      env: {
        HOME: this.folder,
        ANSIBLE_HOME: join(this.folder, 'ansible'),
        ANSIBLE_PIPELINING: '1',
        ANSIBLE_SSH_ARGS: '-o ControlMaster=auto -o ControlPersist=60s',
        ANSIBLE_SSH_CONTROL_PATH_DIR: join(this.folder, 'c'),
        ANSIBLE_NOCOLOR: '1',
      },
      cwd: dirname(THEIRS),
    }
  }

  /** Adds the round trips of a run that makes so many, and of one that finds them. */
  async turns(machines: number, { make, again }: Turns): Promise<void> {
    await this.clear()
    make.push(await this.counted(machines))
    again.push(await this.counted(machines))
  }

  private async counted(machines: number): Promise<number> {
    const { address, port } = this.lab.machines[0]!
    const way = await Distance.open(address, port, 100)
    try {
      const done: Measured = await measure(this.virtfleet(machines, { host: '127.0.0.1', port: way.port }))
      const passages = await way.taken()
      if (done.code !== 0) throw new Error(done.stdout)
      return passages.reduce((sum, { turns }) => sum + turns, 0)
    } finally {
      way.close()
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  private inventory(way?: { host: string; port: number }): string {
    const { address, port, hostKey } = this.lab.machines[0]!
    const knownHosts = join(this.folder, way ? 'known_hosts_far' : 'known_hosts')
    if (way) writeFileSync(knownHosts, `[${way.host}]:${way.port} ${hostKey}\n`)
    const vars = [
      `ansible_host=${way?.host ?? address}`,
      `ansible_port=${way?.port ?? port}`,
      'ansible_user=root',
      'ansible_python_interpreter=/usr/bin/python3',
      `ansible_ssh_private_key_file=${this.lab.files.privateKey}`,
      // Signs of life come with time, not with machines: they would be counted among the round trips.
      `ansible_ssh_common_args='-o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes -o ServerAliveInterval=3600'`,
    ]
    const file = join(this.folder, `inventory-${way ? 'far' : 'near'}.ini`)
    writeFileSync(file, `hypervisor ${vars.join(' ')}\n`)
    return file
  }

  private get ssh(): string[] {
    const { address, port } = this.lab.machines[0]!
    const options = [
      `UserKnownHostsFile=${join(this.folder, 'known_hosts')}`,
      'StrictHostKeyChecking=yes',
      'BatchMode=yes',
    ]
    return [
      'ssh',
      '-i',
      this.lab.files.privateKey,
      '-p',
      String(port),
      ...options.flatMap((one) => ['-o', one]),
      `root@${address}`,
    ]
  }

  private async tell(script: string): Promise<string> {
    const [program = '', ...args] = this.ssh
    const { stdout } = await promisify(execFile)(program, [...args, script], { maxBuffer: 2 ** 24 })
    return stdout
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
