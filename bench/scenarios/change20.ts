import { ansible, mitogen } from '../peers/ansible.ts'
import { floor } from '../peers/floor.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import { rounds, times } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import { ratio } from '../statistics.ts'
import { bars, complianceJob, PEER_PACKAGES, said } from './hosts.ts'

export const change20: Scenario = {
  name: 'change20',
  summary: 'ten tasks on twenty hosts, everything to change',
  packages: PEER_PACKAGES,
  async run(bench) {
    const entrants = [
      { peer: floor, rounds: bench.quick ? 3 : 9 },
      { peer: virtfleet, rounds: bench.quick ? 3 : 9 },
      { peer: mitogen, rounds: bench.quick ? 0 : 3 },
      { peer: ansible, rounds: bench.quick ? 1 : 3 },
    ]
    const farm = await bench.farm({ hosts: 20 })
    const measured = await rounds(bench, complianceJob(farm), entrants, () => farm.reset())
    const [ours, theirs] = [times(measured, virtfleet), times(measured, mitogen)]
    return {
      figures: {
        floor_change_ratio_20: ratio(ours, times(measured, floor)),
        ansible_change_ratio_20: ratio(times(measured, ansible), ours),
        ...(theirs.length > 0 && { mitogen_change_ratio_20: ratio(theirs, ours) }),
      },
      charts: [
        {
          title: '20 hosts, 10 tasks, everything to change',
          unit: 's',
          bars: bars(measured, [floor, virtfleet, mitogen, ansible]),
        },
      ],
      notes: [`${said(entrants)} Before each run the hosts' folders are emptied.`],
    }
  },
}
