import { fileURLToPath } from 'node:url'
import type { Farm } from '../farm/farm.ts'
import { measure } from '../measure.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import type { Scenario } from '../scenario.ts'
import { median } from '../statistics.ts'
import { PEER_PACKAGES } from './hosts.ts'

const HOSTS = 10
const INTERFACES = 200
const TASKS = { few: 5, many: 100 }
const playbook = (tasks: keyof typeof TASKS): string =>
  fileURLToPath(new URL(`../work/facts/${tasks}.yml`, import.meta.url))

/** Both ends of a cable count. */
const CROWDED = `for i in $(seq ${INTERFACES / 2}); do
  ip link add "crowd$i" type veth peer name "other$i"
  ip address add "10.9.0.$i/32" dev "crowd$i"
  ip link set "crowd$i" up
  ip link set "other$i" up
done`

export const facts: Scenario = {
  name: 'facts',
  summary: `ten hosts with ${INTERFACES} network interfaces each, beside ten with none`,
  fullOnly: true,
  packages: PEER_PACKAGES,
  async run(bench) {
    const rounds = bench.quick ? 3 : 9
    const farms = {
      bare: await bench.farm({ hosts: HOSTS }),
      crowded: await bench.farm({ hosts: HOSTS, prepare: CROWDED }),
    }
    const found = { bare: [] as number[], crowded: [] as number[] }
    for (let round = 0; round < rounds; round++) {
      for (const name of ['bare', 'crowded'] as const) found[name].push(await costOfTask(farms[name]))
      bench.say(
        `round ${round + 1}: ${found.bare.at(-1)?.toFixed(2)} and ${found.crowded.at(-1)?.toFixed(2)} ms a task and host`,
      )
    }
    const [bare, crowded] = [median(found.bare), median(found.crowded)]
    return {
      figures: { large_facts_ratio: crowded / bare },
      charts: [
        {
          title: "Controller's CPU time a task and host",
          unit: 'ms',
          bars: [
            { label: 'bare', value: bare },
            { label: `${INTERFACES} interfaces`, value: crowded },
          ],
        },
      ],
      notes: [
        `${rounds} rounds. The cost of a task is the CPU time of ${TASKS.many} tasks less that of ${TASKS.few}, so that gathering the facts is not in it.`,
      ],
    }
  },
}

/** Of the controller, in milliseconds of CPU time a task and host. */
async function costOfTask(farm: Farm): Promise<number> {
  const cpu = async (tasks: keyof typeof TASKS): Promise<number> => {
    const done = await measure(virtfleet.command({ farm, hosts: HOSTS, playbook: playbook(tasks), script: '' }))
    return done.cpuMs
  }
  const few = await cpu('few')
  return ((await cpu('many')) - few) / (TASKS.many - TASKS.few) / HOSTS
}
