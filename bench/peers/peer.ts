import type { Farm, FarmHost } from '../farm/farm.ts'
import type { CommandLine } from '../measure.ts'

/** What every peer is asked to do. */
export interface Job {
  readonly farm: Farm
  /** Number of hosts, from the farm's first. */
  readonly hosts: number
  /** For those that read playbooks. */
  readonly playbook: string
  /** For those that run one script a host. */
  readonly script: string
}

/** One program that does the job. */
export interface Peer {
  readonly name: string
  command(job: Job): CommandLine
}

export const chosen = ({ farm, hosts }: Job): readonly FarmHost[] => farm.hosts.slice(0, hosts)
