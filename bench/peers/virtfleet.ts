import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job, Peer } from './peer.ts'

/** The built program, as users start it; VIRTFLEET_BENCH_BIN names another one. */
export const launcher =
  process.env.VIRTFLEET_BENCH_BIN ?? fileURLToPath(new URL('../../bin/virtfleet.js', import.meta.url))

/** virtfleet with one fork a host, as the peers have. */
export const virtfleet: Peer = {
  name: 'virtfleet',
  command: (job) => virtfleetRun(job),
}

export function virtfleetRun({ farm, hosts, playbook }: Job, more: readonly string[] = []) {
  const inventory = farm.writeInventory(hosts)
  return {
    argv: farm.inside([process.execPath, launcher, 'run', '-i', inventory, '-f', String(hosts), ...more, playbook]),
    env: { HOME: farm.dir },
    cwd: dirname(playbook),
  }
}
