import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { planMachines } from '../../lab/options.ts'
import { neededPackages } from '../../lab/packages.ts'
import { openTestLab, type TestLab } from '../../lab/testing.ts'
import { Distance, type Passage } from '../distance/proxy.ts'
import { measure } from '../measure.ts'
import { launcher } from '../peers/virtfleet.ts'
import type { Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'

const PLAYBOOK = fileURLToPath(new URL('../work/distance/site.yml', import.meta.url))
const PREPARE = join(dirname(PLAYBOOK), 'prepare.yml')
const RTT_MS = 100
const TASKS = 50

export const distance: Scenario = {
  name: 'distance',
  summary: 'fifty tasks as root by sudo on one host that is 100 ms away',
  packages: ['time', ...neededPackages(planMachines({ hypervisors: 0, containers: 1 }))],
  async run(bench) {
    const lab = await openTestLab({ containers: 1 })
    const far = new FarHost(lab)
    try {
      bench.say('the host gets its first state')
      await far.near(1)
      const found = { same: [] as Passage[], changed: [] as Passage[] }
      for (let value = 2; value <= (bench.quick ? 2 : 5); value++) {
        found.changed.push(await far.away(value))
        for (let again = 0; again < (bench.quick ? 2 : 3); again++) found.same.push(await far.away(value))
        bench.say(
          `value ${value}: ${[...found.changed, ...found.same].map(({ ms, turns }) => `${Math.round(ms)} ms/${turns}`).join(' ')}`,
        )
      }
      const middle = (of: readonly Passage[], what: 'ms' | 'turns'): number => median(of.map((one) => one[what]))
      const rtts = middle(found.same, 'ms') / RTT_MS
      return {
        figures: {
          rtts_50_tasks: rtts,
          turns_50_tasks: middle(found.same, 'turns'),
          rtts_50_changes_per_task: middle(found.changed, 'turns') / TASKS,
          seconds_50_changes: middle(found.changed, 'ms') / 1000,
        },
        charts: [
          {
            title: `One host, ${TASKS} tasks, ${RTT_MS} ms: round trips`,
            unit: '× 100 ms',
            bars: [
              { label: 'nothing to change', value: rtts },
              { label: 'everything to change (turns)', value: middle(found.changed, 'turns') },
            ],
          },
        ],
        notes: [
          `The host is a systemd container of the lab behind a proxy that delays both directions by half of it; the user is not root and \
may sudo without a password. ${found.same.length} runs with nothing to change, ${found.changed.length} that change all files, lines, \
services and kernel parameters and install or remove two packages; three of the 50 tasks only look.`,
        ],
      }
    } finally {
      far.remove()
      await lab.close()
    }
  },
}

/** A host of the lab, next door or behind a distance. */
class FarHost {
  private readonly lab: TestLab
  private readonly folder = mkdtempSync(join(tmpdir(), 'virtfleet-bench-far-'))

  constructor(lab: TestLab) {
    this.lab = lab
  }

  /** What it takes for granted, and then the playbook, without distance. */
  async near(value: number): Promise<void> {
    const { address, port } = this.lab.machines[0]!
    await this.run(address, port, 0, PREPARE)
    await this.run(address, port, value, PLAYBOOK)
  }

  /** The playbook over the distance, as one connection. */
  async away(value: number): Promise<Passage> {
    const { address, port } = this.lab.machines[0]!
    const way = await Distance.open(address, port, RTT_MS)
    try {
      await this.run('127.0.0.1', way.port, value, PLAYBOOK)
      const passages = await way.taken()
      if (passages.length !== 1) throw new Error(`it made ${passages.length} connections, not one`)
      return passages[0]!
    } finally {
      way.close()
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  private run(address: string, port: number, value: number, playbook: string) {
    const { hostKey } = this.lab.machines[0]!
    const inventory = join(this.folder, 'inventory.ini')
    const knownHosts = join(this.folder, 'known_hosts')
    writeFileSync(knownHosts, `[${address}]:${port},${address} ${hostKey}\n`)
    const vars = [
      `ansible_host=${address}`,
      `ansible_port=${port}`,
      'ansible_user=admin',
      `ansible_ssh_private_key_file=${this.lab.files.privateKey}`,
      `ansible_ssh_common_args='-o UserKnownHostsFile=${knownHosts} -o StrictHostKeyChecking=yes'`,
    ]
    writeFileSync(inventory, `far ${vars.join(' ')}\n`)
    return measure({
      argv: [process.execPath, launcher, 'run', '-i', inventory, '-e', `value=${value}`, playbook],
      env: { HOME: this.folder },
      cwd: dirname(playbook),
    })
  }
}
