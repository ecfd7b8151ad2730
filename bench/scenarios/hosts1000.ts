import { readFileSync } from 'node:fs'
import { measure } from '../measure.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import type { Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'
import { TWENTY_TASKS } from '../work/compliance/compliance.ts'
import { asDeclared, complianceJob, PEER_PACKAGES } from './hosts.ts'

const HOSTS = 1000
/** A quick run has no more time for it. */
const QUICK_MS = 90_000
/** Two processes of sshd and two shells, as measured. */
const MB_PER_HOST = 5

export const hosts1000: Scenario = {
  name: 'hosts1000',
  summary: 'twenty tasks on a thousand hosts, what it costs the controller',
  packages: PEER_PACKAGES,
  async run(bench) {
    const free = availableMb()
    if (free < HOSTS * MB_PER_HOST) {
      throw new Error(`${HOSTS} real logins take ${HOSTS * MB_PER_HOST} MiB of memory, and ${free} are free`)
    }
    const job = { ...complianceJob(await bench.farm({ hosts: HOSTS })), playbook: TWENTY_TASKS }
    const rounds = bench.quick ? 1 : 3
    const found = []
    await asDeclared(job)
    for (let round = 1; round <= rounds; round++) {
      const done = await measure({ ...virtfleet.command(job), timeoutMs: bench.quick ? QUICK_MS : 900_000 })
      bench.say(
        `${HOSTS} hosts, round ${round}: ${Math.round(done.wallMs / 1000)} s, ${Math.round(done.cpuMs)} ms CPU, ${Math.round(done.rssMb)} MiB`,
      )
      found.push(done)
    }
    return {
      figures: {
        cpu_ms_per_host_1000: median(found.map((one) => one.cpuMs)) / HOSTS,
        rss_mb_1000: Math.max(...found.map((one) => one.rssMb)),
        seconds_1000: median(found.map((one) => one.wallMs)) / 1000,
      },
      notes: [
        `${rounds} rounds, all ${HOSTS} connections to a real sshd and open at the same time; start-up is in the figures.`,
      ],
    }
  },
}

function availableMb(): number {
  const kilobytes = /^MemAvailable: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]
  return Math.floor(Number(kilobytes) / 1024)
}
