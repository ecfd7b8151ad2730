import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'
import { stopArgs } from '../domain/args.ts'
import { cloudArgs } from '../seed/cloud-args.ts'

const { hostname: _, instance_id: __, ...cloud } = cloudArgs

const each = {
  memory: arg.str().optional().describe('Memory, such as 2GiB.'),
  vcpus: arg.int().optional(),
  disk_size: arg
    .str()
    .optional()
    .describe(
      'Virtual size of the disk, such as 20G; default that of the base. A disk that is there grows, and never shrinks.',
    ),
  network: arg.str().optional().describe('Network of libvirt.'),
  bridge: arg.str().optional().describe('Bridge of the host, instead of a network.'),
  address: arg
    .str()
    .optional()
    .describe(
      'Fixed address with prefix, such as 192.0.2.10/24, given by cloud_init; of the first VM, the others follow.',
    ),
}

const override = arg.object({
  name: arg.name().describe('Which VM.'),
  host: arg.str().optional().describe('Where it is made; a VM that exists is not moved.'),
  ...each,
  variables: arg.dict(arg.raw()).default({}),
})

const all = {
  names: arg.list(arg.name()).optional().describe('Names of the VMs; or count and pattern.'),
  count: arg.int().optional().describe('Number of VMs.'),
  pattern: arg.str().optional().describe('Their names: web%02d gives web01, web02 …'),
  start: arg.int().default(1).describe('Number of the first one.'),
  state: arg.choice('running', 'stopped', 'absent').default('running'),
  fleet: arg
    .name()
    .default('default')
    .describe('UUIDs and MACs are computed from it and the name; the journal is kept under it.'),
  template: arg.str().default('domain.xml.njk').describe('Template of all definitions.'),
  base: arg
    .path()
    .optional()
    .describe('Image on every host that the disks are overlays of. Without one, disks are empty.'),
  base_format: arg.choice('qcow2', 'raw').default('qcow2'),
  path: arg.path().default('/var/lib/libvirt/images').describe('Folder of the disks on the hosts.'),
  ...each,
  variables: arg.dict(arg.raw()).default({}).describe('More variables for the template.'),
  overrides: arg.list(override).default([]).describe('What is different for one VM.'),
  placement: arg
    .choice('spread', 'pack')
    .default('spread')
    .describe('By free memory: spread evenly, or fill one host after another.'),
  anti_affinity: arg
    .list(arg.list(arg.name()))
    .default([])
    .describe('Groups of VMs of which no two are made on one host.'),
  vcpu_ratio: arg
    .int()
    .optional()
    .describe('Virtual processors of running machines on a host, at most so many for each of its own.'),
  cloud_init: arg
    .object(cloud)
    .optional()
    .describe('A seed for each VM, with its name; as the module cloud_init has it.'),
  gateway: arg.str().optional().describe('Of VMs with an address.'),
  nameservers: arg.oneOrMore(arg.str()).default([]).describe('Of VMs with an address.'),
  reserve: arg.str().default('512MiB').describe('Memory that stays free on every host.'),
  autostart: arg.bool().optional(),
  wave: arg
    .int()
    .default(5)
    .describe(
      'How many are started at once on a host; libvirt itself does not take more than max_client_requests (5).',
    ),
  wait_for: arg
    .choice('none', 'running', 'address', 'ssh', 'cloud_init')
    .default('running')
    .describe(
      'address: until each has one by DHCP, ARP or agent; ssh: until an SSH server answers there; cloud_init: until cloud-init has ended, and well.',
    ),
  wait_timeout: arg
    .int()
    .default(300)
    .describe('Seconds to wait, for all of it, from when the VMs of a host are started.'),
  ...stopArgs,
}

/** Arguments of libvirt_vms. */
export const vmsArgs = arg.object(all, { aliases: { timeout: 'wait_timeout' } })
export type VmsArgs = z.output<typeof vmsArgs>
