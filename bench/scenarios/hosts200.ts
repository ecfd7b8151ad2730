import { ansible } from '../peers/ansible.ts'
import { floor } from '../peers/floor.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import { rounds, times } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import { ratio } from '../statistics.ts'
import { bars, PEER_PACKAGES, said, unchangedJob } from './hosts.ts'

export const hosts200: Scenario = {
  name: 'hosts200',
  summary: 'ten tasks on two hundred hosts, nothing to change',
  packages: PEER_PACKAGES,
  async run(bench) {
    const entrants = [
      { peer: floor, rounds: bench.quick ? 2 : 5 },
      { peer: virtfleet, rounds: bench.quick ? 2 : 5 },
      { peer: ansible, rounds: bench.quick ? 0 : 1 },
    ]
    const job = await unchangedJob(bench, 200)
    const measured = await rounds(bench, job, entrants)
    const [ours, theirs] = [times(measured, virtfleet), times(measured, ansible)]
    return {
      figures: {
        floor_ratio_200: ratio(ours, times(measured, floor)),
        ...(theirs.length > 0 && { ansible_ratio_200: ratio(theirs, ours) }),
      },
      charts: [
        {
          title: '200 hosts, 10 tasks, nothing to change',
          unit: 's',
          bars: bars(measured, [floor, virtfleet, ansible]),
        },
      ],
      notes: [said(entrants)],
    }
  },
}
