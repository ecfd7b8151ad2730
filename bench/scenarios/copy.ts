import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Farm } from '../farm/farm.ts'
import { ansible } from '../peers/ansible.ts'
import { chosen, type Job, type Peer } from '../peers/peer.ts'
import { virtfleet } from '../peers/virtfleet.ts'
import { rounds, times } from '../rounds.ts'
import type { Scenario } from '../scenario.ts'
import { ratio } from '../statistics.ts'
import { bars, PEER_PACKAGES, said } from './hosts.ts'

const HOSTS = 4

const PLAYBOOK = `- hosts: all
  gather_facts: false
  tasks:
    - copy:
        src: image
        dest: '{{ folders }}/{{ inventory_hostname }}/image'
        mode: '0644'
`

export const copy: Scenario = {
  name: 'copy',
  summary: 'one large image to four hosts at once',
  fullOnly: true,
  packages: [...PEER_PACKAGES, 'rsync'],
  async run(bench) {
    const megabytes = bench.quick ? 64 : 1024
    const farm = await bench.farm({ hosts: HOSTS })
    const image = imageIn(farm, megabytes)
    const playbook = join(farm.dir, 'play', 'copy.yml')
    writeFileSync(playbook, PLAYBOOK)
    const [scp, rsync] = [each('scp', farm, image), each('rsync', farm, image)]
    const entrants = [
      { peer: scp, rounds: 3 },
      { peer: rsync, rounds: 3 },
      { peer: virtfleet, rounds: 3 },
      { peer: ansible, rounds: 1 },
    ]
    const job: Job = { farm, hosts: HOSTS, playbook, script: '' }
    const measured = await rounds(bench, job, entrants, () => farm.reset())
    const ours = times(measured, virtfleet)
    return {
      figures: {
        copy_scp_ratio: ratio(ours, times(measured, scp)),
        copy_rsync_ratio: ratio(ours, times(measured, rsync)),
        copy_ansible_ratio: ratio(times(measured, ansible), ours),
      },
      charts: [
        {
          title: `${megabytes} MiB to ${HOSTS} hosts`,
          unit: 's',
          bars: bars(measured, [scp, rsync, virtfleet, ansible]),
        },
      ],
      notes: [
        `${said(entrants)} A quarter of the image is random, the rest is a hole, as in an image of a fresh machine. The hosts write to \
memory; each peer copies to all hosts at once.`,
      ],
    }
  },
}

/** Random bytes at four places of a file that is a hole elsewhere. */
function imageIn(farm: Farm, megabytes: number): string {
  mkdirSync(join(farm.dir, 'play', 'files'), { recursive: true })
  const path = join(farm.dir, 'play', 'files', 'image')
  const file = openSync(path, 'w')
  try {
    ftruncateSync(file, megabytes * 2 ** 20)
    for (let i = 0; i < megabytes / 4; i++)
      writeSync(
        file,
        randomBytes(2 ** 20),
        0,
        2 ** 20,
        (i % 4) * (megabytes / 4) * 2 ** 20 + Math.floor(i / 4) * 2 ** 20,
      )
  } finally {
    closeSync(file)
  }
  return path
}

/** One process of scp or rsync a host, all at once. */
function each(program: 'scp' | 'rsync', farm: Farm, image: string): Peer {
  const options = `-o UserKnownHostsFile=${farm.knownHosts} -o StrictHostKeyChecking=yes -i ${farm.keyFile}`
  const how = program === 'scp' ? `scp -q ${options}` : `rsync -e 'ssh ${options}'`
  return {
    name: program,
    command(job) {
      const lines = chosen(job).map(
        ({ user, address, folder }) => `${how} ${image} ${user}@${address}:${folder}/image & p="$p $!"`,
      )
      return {
        argv: farm.inside(['sh', '-c', `p=\n${lines.join('\n')}\nfor i in $p; do wait $i || exit 1; done`]),
        env: { HOME: farm.dir },
      }
    },
  }
}
