import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measure } from '../measure.ts'
import type { Bench, Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'

const program = fileURLToPath(new URL('../simulation/main.ts', import.meta.url))
const loader = import.meta.resolve('tsx')

interface Cost {
  readonly cpuMs: number
  readonly wallMs: number
  readonly rssMb: number
}

export const simulation10000: Scenario = {
  name: 'simulation10000',
  summary: 'twenty tasks on ten thousand simulated hosts',
  fullOnly: true,
  packages: ['time'],
  async run(bench) {
    const rounds = bench.quick ? 1 : 3
    const costs = { small: [] as Cost[], large: [] as Cost[] }
    for (let round = 0; round < rounds; round++) {
      costs.small.push(await simulate(bench, 1000))
      costs.large.push(await simulate(bench, 10_000))
    }
    const each = (of: readonly Cost[], hosts: number): number => median(of.map((one) => one.cpuMs)) / hosts
    const [small, large] = [each(costs.small, 1000), each(costs.large, 10_000)]
    return {
      figures: { cost_ratio_10000: large / small, rss_mb_10000: Math.max(...costs.large.map((one) => one.rssMb)) },
      charts: [
        {
          title: "Controller's CPU time a host",
          unit: 'ms',
          bars: [
            { label: '1000 hosts', value: small },
            { label: '10,000 hosts', value: large },
          ],
        },
      ],
      notes: [
        `${rounds} rounds. The hosts are objects in the controller's process behind the pool of connections: no SSH is in these figures, \
nor is start-up.`,
      ],
    }
  },
}

async function simulate(bench: Bench, hosts: number): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'virtfleet-bench-'))
  try {
    const argv = [process.execPath, '--max-old-space-size=8192', '--import', loader, program, String(hosts), folder]
    const { stdout } = await measure({ argv, env: { HOME: folder } })
    const cost = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Cost
    bench.say(
      `${hosts} hosts: ${Math.round(cost.wallMs)} ms, ${(cost.cpuMs / hosts).toFixed(2)} ms CPU a host, ${Math.round(cost.rssMb)} MiB`,
    )
    return cost
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
