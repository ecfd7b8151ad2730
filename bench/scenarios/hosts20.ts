import { ansible, mitogen, newerAnsible } from '../peers/ansible.ts'
import { floor } from '../peers/floor.ts'
import type { Peer } from '../peers/peer.ts'
import { pssh } from '../peers/pssh.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import { rounds, times } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import { ratio } from '../statistics.ts'
import { bars, PEER_PACKAGES, processesPerHost, said, unchangedJob } from './hosts.ts'

export const hosts20: Scenario = {
  name: 'hosts20',
  summary: 'ten tasks on twenty hosts, nothing to change',
  packages: PEER_PACKAGES,
  async run(bench) {
    const newer = bench.newerAnsible === undefined ? undefined : newerAnsible(bench.newerAnsible)
    const entrants = [
      { peer: floor, rounds: bench.quick ? 5 : 9 },
      { peer: virtfleet, rounds: bench.quick ? 5 : 9 },
      { peer: pssh, rounds: bench.quick ? 1 : 5 },
      { peer: mitogen, rounds: bench.quick ? 1 : 3 },
      { peer: ansible, rounds: bench.quick ? 1 : 3 },
      ...(newer ? [{ peer: newer, rounds: bench.quick ? 0 : 3 }] : []),
    ]
    const job = await unchangedJob(bench, 20)
    const measured = await rounds(bench, job, entrants)
    const of = (peer: Peer): number[] => times(measured, peer)
    return {
      figures: {
        processes_per_host: await processesPerHost(virtfleet, job),
        floor_processes_per_host: await processesPerHost(floor, job),
        floor_ratio_20: ratio(of(virtfleet), of(floor)),
        pssh_ratio_20: ratio(of(virtfleet), of(pssh)),
        mitogen_ratio_20: ratio(of(mitogen), of(virtfleet)),
        ansible_ratio_20: ratio(of(ansible), of(virtfleet)),
        ...(newer && of(newer).length > 0 && { newer_ansible_ratio_20: ratio(of(newer), of(virtfleet)) }),
      },
      charts: [
        {
          title: '20 hosts, 10 tasks, nothing to change',
          unit: 's',
          bars: bars(measured, [floor, virtfleet, pssh, mitogen, ansible, ...(newer ? [newer] : [])]),
        },
      ],
      notes: [said(entrants)],
    }
  },
}
