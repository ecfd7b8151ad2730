import { cpus, loadavg, release, totalmem } from 'node:os'
import { installedVersions } from './packages.ts'

/** What a figure depends on beside the programs: rows of name and value. */
export async function conditions(packages: readonly string[]): Promise<[string, string][]> {
  const cores = cpus()
  return [
    ['Date', new Date().toISOString().slice(0, 10)],
    ['Processor', `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}`],
    ['Memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['Kernel', release().replace(/-.*/, '')],
    ['Node.js', process.version],
    ['Load before the first run', load()],
    ['Debian packages', (await installedVersions(packages)).join(', ')],
  ]
}

/** Average numbers of processes at work, of one, five and fifteen minutes. */
export function load(): string {
  return loadavg()
    .map((one) => one.toFixed(1))
    .join(', ')
}
