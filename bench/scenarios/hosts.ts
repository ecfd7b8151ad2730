import type { Bar } from '../chart.ts'
import type { Farm } from '../farm/farm.ts'
import { FOLDERS } from '../farm/farm.ts'
import { spread } from '../farm/spread.ts'
import { measure } from '../measure.ts'
import type { Job, Peer } from '../peers/peer.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import { type Entrant, type Rounds, times } from '../rounds.ts'
import type { Bench } from '../scenario.ts'
import { median } from '../statistics.ts'
import { COMPLIANCE_PLAYBOOK, complianceScript } from '../work/compliance/compliance.ts'

/** Debian packages of the peers. */
export const PEER_PACKAGES = [
  'openssh-server',
  'openssh-client',
  'iproute2',
  'util-linux',
  'time',
  'procps',
  'ansible-core',
  'ansible-mitogen',
  'pssh',
]

export const complianceJob = (farm: Farm): Job => ({
  farm,
  hosts: farm.hosts.length,
  playbook: COMPLIANCE_PLAYBOOK,
  script: complianceScript(FOLDERS),
})

/** The ten tasks on hosts that are as they should be. */
export async function unchangedJob(bench: Bench, hosts: number): Promise<Job> {
  const job = complianceJob(await bench.farm({ hosts }))
  await asDeclared(job)
  return job
}

/** Brings the first host into the playbook's state, and the others into that of the first. */
export async function asDeclared(job: Job): Promise<void> {
  await measure(virtfleet.command({ ...job, hosts: 1 }))
  spread(job.farm)
}

/** Processes that one run of the peer makes on each host; unlike its time it does not depend on what else this machine does. */
export async function processesPerHost(peer: Peer, job: Job): Promise<number> {
  const before = job.farm.lastProcess()
  await measure(peer.command(job))
  return (job.farm.lastProcess() - before) / job.hosts
}

/** Peers' medians in seconds, for a chart. */
export function bars(measured: Rounds, peers: readonly Peer[]): Bar[] {
  return peers.flatMap((peer) => {
    const found = times(measured, peer)
    return found.length === 0 ? [] : [{ label: peer.name, value: median(found) / 1000 }]
  })
}

/** How often each was run, for a note. */
export const said = (entrants: readonly Entrant[]): string =>
  `Rounds: ${entrants.map(({ peer, rounds: count }) => `${peer.name} ${count}`).join(', ')}.`
