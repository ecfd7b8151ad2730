import { measure } from '../measure.ts'
import { launcher } from '../peers/virtfleet.ts'
import type { Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'
import { COMPLIANCE_PLAYBOOK } from '../work/compliance/compliance.ts'

const LINES = {
  'node -e 0': ['-e', '0'],
  'virtfleet --version': [launcher, '--version'],
  'virtfleet run --syntax-check': [launcher, 'run', '--syntax-check', '-i', 'localhost,', COMPLIANCE_PLAYBOOK],
}

export const coldstart: Scenario = {
  name: 'coldstart',
  summary: 'what the program takes before it does anything',
  packages: ['time'],
  async run(bench) {
    const count = bench.quick ? 10 : 25
    const found = new Map<string, number[]>()
    for (let round = 0; round < count; round++) {
      for (const [name, args] of Object.entries(LINES)) {
        const { wallMs } = await measure({ argv: [process.execPath, ...args], env: { HOME: '/nonexistent' } })
        found.set(name, [...(found.get(name) ?? []), wallMs])
      }
    }
    const of = (name: keyof typeof LINES): number => median(found.get(name) ?? [])
    return {
      figures: {
        cold_start_ms: of('virtfleet --version') - of('node -e 0'),
        cold_check_ms: of('virtfleet run --syntax-check') - of('node -e 0'),
      },
      charts: [
        {
          title: 'From nothing to the end',
          unit: 'ms',
          bars: [...found].map(([label, values]) => ({ label, value: median(values) })),
        },
      ],
      notes: [`${count} rounds; files are in the page cache.`],
    }
  },
}
