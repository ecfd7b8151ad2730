/** A figure of `--json`: what it is, and what it is to be. */
export interface Figure {
  readonly means: string
  readonly most?: number
  readonly least?: number
}

const ratio = (slower: string, faster: string, hosts: number, what: string): string =>
  `time of ${slower} / time of ${faster}, ${hosts} hosts, ${what}`
const nothing = '10 tasks, nothing to change'
const everything = '10 tasks, everything to change'

/** Names are an interface: they are only added. Times include the start-up of both sides. */
export const FIGURES = {
  floor_ratio_20: { means: ratio('virtfleet', 'the floor', 20, nothing), most: 1.6 },
  ansible_ratio_20: { means: ratio('ansible-core of the Debian package', 'virtfleet', 20, nothing), least: 35 },
  mitogen_ratio_20: { means: ratio('Ansible with Mitogen', 'virtfleet', 20, nothing), least: 20 },
  newer_ansible_ratio_20: { means: ratio('a newer ansible-core', 'virtfleet', 20, nothing) },
  pssh_ratio_20: { means: ratio('virtfleet', "parallel-ssh with the floor's script", 20, nothing) },
  processes_per_host: { means: 'processes that virtfleet makes on each of the 20 hosts, 10 tasks, nothing to change' },
  floor_processes_per_host: { means: 'the same of the floor' },
  floor_ratio_200: { means: ratio('virtfleet', 'the floor', 200, nothing), most: 1.4 },
  ansible_ratio_200: { means: ratio('ansible-core of the Debian package', 'virtfleet', 200, nothing) },
  floor_change_ratio_20: { means: ratio('virtfleet', 'the floor', 20, everything) },
  ansible_change_ratio_20: {
    means: ratio('ansible-core of the Debian package', 'virtfleet', 20, everything),
    least: 20,
  },
  mitogen_change_ratio_20: { means: ratio('Ansible with Mitogen', 'virtfleet', 20, everything) },
  rtts_50_tasks: {
    means:
      'round trips for 50 tasks with nothing to change over 100 ms: time of the connection / 100 ms, handshake included',
    most: 12,
  },
  turns_50_tasks: { means: 'the same as turns on the wire' },
  rtts_50_changes_per_task: {
    means: 'round trips a task for 50 tasks that change something over 100 ms: turns on the wire, handshake included',
    most: 1.3,
  },
  seconds_50_changes: { means: 'time of that connection, in seconds, most of it apt and systemd' },
  cpu_ms_per_host_1000: { means: "controller's user and system time a host, 1000 hosts, 20 tasks, in ms", most: 8 },
  rss_mb_1000: { means: "controller's highest resident set, 1000 hosts, 20 tasks, in MiB", most: 400 },
  seconds_1000: { means: 'time of that run, in seconds; 1000 real logins on one machine' },
  cost_ratio_10000: {
    means: "controller's CPU time a host with 10,000 simulated hosts / with 1000 of them",
    most: 1,
  },
  rss_mb_10000: { means: "controller's highest resident set, 10,000 simulated hosts, in MiB" },
  large_facts_ratio: {
    means: "controller's CPU time a task with facts of 200 network interfaces / with few, ten hosts",
    most: 1.05,
  },
  cold_start_ms: { means: 'time of `virtfleet --version` less that of `node -e 0`, in ms' },
  cold_check_ms: { means: 'time of `virtfleet run --syntax-check` of ten tasks less that of `node -e 0`, in ms' },
  interrupt_seconds: {
    means: 'longest time from the second Ctrl-C to the end of the run, 200 hosts, in seconds',
    most: 2,
  },
  interrupt_left: { means: 'processes that were left on the hosts two seconds after it', most: 0 },
  copy_scp_ratio: { means: 'time of virtfleet / time of scp, one large file to 4 hosts at once' },
  copy_rsync_ratio: { means: 'time of virtfleet / time of rsync, one large file to 4 hosts at once' },
  copy_ansible_ratio: { means: 'time of ansible-core / time of virtfleet, one large file to 4 hosts at once' },
  libvirt_processes_ratio: {
    means: 'time of 400 virsh processes / time of the RPC over SSH, 200 domains defined and read',
    least: 25,
  },
  libvirt_batch_ratio: { means: 'time of the same calls batched into one virsh / time of the RPC', least: 3 },
  script_ratio: {
    means: 'time of virtfleet / time of a hand-written script on the host, 30 machines made on one host',
    most: 1.25,
  },
  ansible_ratio: { means: "time of Ansible's community.libvirt / time of virtfleet, the same" },
  script_rerun_ratio: { means: 'time of virtfleet / time of that script, nothing to change' },
  ansible_rerun_ratio: { means: 'time of Ansible / time of virtfleet, nothing to change', least: 12 },
  batch_turns_ratio: {
    means: 'round trips to make 50 machines / to make 5, as turns on the wire, the fewest of three runs',
    most: 1,
  },
  batch_rerun_turns_ratio: { means: 'the same with nothing to change', most: 1 },
  libvirt_daemon_ms: {
    means: 'CPU time of libvirtd itself for the calls by RPC, in ms: no client is faster than that over the cores',
  },
  libvirt_open_ms: { means: 'time to open the session of the RPC on a connection that is there, in ms' },
} as const satisfies Record<string, Figure>

export type FigureName = keyof typeof FIGURES

export type Figures = Partial<Record<FigureName, number>>

/** Whether the figure is what it is to be; undefined where nothing is asked of it. */
export function reached(name: FigureName, value: number): boolean | undefined {
  const { most, least }: Figure = FIGURES[name]
  if (most !== undefined) return value <= most
  return least === undefined ? undefined : value >= least
}
