import { cpSync, mkdtempSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { CommandLine } from '../measure.ts'
import type { Job, Peer } from './peer.ts'

/*
 * Ansible as those set it up who want it fast: pipelining, a fork a host, ControlPersist, no interpreter discovery. Each run
 * opens its own SSH connections: its masters end with the process namespace it runs in.
 */

/** ansible-core of the Debian package. */
export const ansible: Peer = { name: 'ansible', command: (job) => ansibleRun(job) }

/** The same with Mitogen's strategy. */
export const mitogen: Peer = {
  name: 'mitogen',
  command: (job) =>
    ansibleRun(job, {
      ANSIBLE_STRATEGY_PLUGINS: '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy',
      ANSIBLE_STRATEGY: 'mitogen_linear',
    }),
}

/** ansible-core of a Debian root in a folder; what it reads is in the farm's folder, which is mounted there. */
export function newerAnsible(root: string): Peer {
  return {
    name: 'ansible (newer)',
    command(job) {
      const { farm } = job
      const folder = join(farm.dir, 'play')
      cpSync(dirname(job.playbook), folder, { recursive: true })
      const line = ansibleRun({ ...job, playbook: join(folder, basename(job.playbook)) })
      const enter = `cd "$1"; mount -t tmpfs tmpfs tmp; mkdir -p ".$2"; mount --bind "$2" ".$2"
mount -t proc proc proc; mount --rbind /dev dev; root=$1; dir=$2; shift 2; exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$dir/play" "$@"`
      const inside = [...APART.slice(0, -1), '--mount', 'sh', '-ec', enter, 'sh', root, farm.dir]
      return { ...line, argv: farm.inside([...inside, ...playbookOf(line.argv)]), cwd: '/' }
    },
  }
}

const APART = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']
const PROGRAM = '/usr/bin/ansible-playbook'

const playbookOf = (argv: readonly string[]): readonly string[] => argv.slice(argv.indexOf(PROGRAM))

export function ansibleRun({ farm, hosts, playbook }: Job, env: NodeJS.ProcessEnv = {}): CommandLine {
  const inventory = farm.writeInventory(hosts)
  return {
    argv: farm.inside([...APART, PROGRAM, '-i', inventory, playbook]),
    env: {
      HOME: farm.dir,
      ANSIBLE_HOME: join(farm.dir, 'ansible'),
      ANSIBLE_PIPELINING: '1',
      ANSIBLE_FORKS: String(hosts),
      ANSIBLE_SSH_ARGS: '-o ControlMaster=auto -o ControlPersist=60s',
      ANSIBLE_SSH_CONTROL_PATH_DIR: mkdtempSync(join(farm.dir, 'c-')),
      ANSIBLE_NOCOLOR: '1',
      // Twenty logins at once take their time on a small machine.
      ANSIBLE_TIMEOUT: '120',
      ...env,
    },
    cwd: dirname(playbook),
  }
}
