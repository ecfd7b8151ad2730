import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'
import { changeArgs, stopArgs } from '../domain/args.ts'
import { cloudArgs } from '../seed/cloud-args.ts'

const { hostname: _, instance_id: __, ...cloud } = cloudArgs

const base = {
  base: arg
    .path()
    .optional()
    .describe('Image on every host that the first disk is an overlay of. Without one, it is empty.'),
  base_format: arg.choice('qcow2', 'raw'),
}

const disk = arg.object({
  size: arg
    .str()
    .optional()
    .describe(
      'Virtual size, such as 100G; default that of its base, else 10GiB. A disk that is there grows, and never shrinks.',
    ),
  base: arg
    .path()
    .optional()
    .describe("Image on every host that it is an overlay of; of the first disk, default the task's."),
  base_format: arg.choice('qcow2', 'raw').default('qcow2'),
  path: arg.path().optional().describe("Folder on the hosts; default the task's."),
  cache: arg.choice('none', 'writeback', 'writethrough', 'directsync').optional(),
})

export type DiskArgs = z.output<typeof disk>

const nic = arg.object({
  network: arg.str().optional().describe('Network of libvirt.'),
  bridge: arg.str().optional().describe('Bridge of the host, instead of a network.'),
  model: arg
    .name()
    .refine((text) => /^[A-Za-z0-9._-]+$/.test(text), { message: 'is no model of an interface' })
    .optional()
    .describe('Default virtio.'),
  address: arg
    .str()
    .optional()
    .describe('Fixed address with prefix, given by cloud_init; of the first VM, the others follow.'),
  gateway: arg.str().optional().describe("Of an interface with an address; of the first one, default the task's."),
})
export type NicArgs = z.output<typeof nic>

const each = {
  memory: arg.str().optional().describe('Memory, such as 2GiB.'),
  vcpus: arg.int().optional(),
  disk_size: arg
    .str()
    .optional()
    .describe(
      'Virtual size of the first disk, such as 20G; default that of the base. A disk that is there grows, and never shrinks.',
    ),
  disks: arg
    .list(disk)
    .optional()
    .describe(
      'All disks, in order (vda, vdb …), where one is not enough. What is added to it is made, and attached while the guest runs; one that is taken out of it stays.',
    ),
  network: arg.str().optional().describe('Network of libvirt.'),
  bridge: arg.str().optional().describe('Bridge of the host, instead of a network.'),
  interfaces: arg
    .list(nic)
    .optional()
    .describe('All interfaces, in order, instead of network and bridge; as disks, for what is added or taken out.'),
  address: arg
    .str()
    .optional()
    .describe(
      'Fixed address with prefix, such as 192.0.2.10/24, given by cloud_init; of the first VM, the others follow.',
    ),
  cloud_init: arg
    .object(cloud)
    .optional()
    .describe('A seed for each VM, with its name; as the module cloud_init has it.'),
  autostart: arg.bool().optional().describe('Start with the host. Default: as it is.'),
}

const override = arg.object({
  name: arg.name().describe('Which VM.'),
  host: arg.str().optional().describe('Where it is made; a VM that exists is not moved.'),
  template: arg.str().optional().describe('Template of its definition.'),
  ...base,
  base_format: base.base_format.optional(),
  ...each,
  variables: arg.dict(arg.raw()).default({}),
})
export type Override = z.output<typeof override>

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
  ...base,
  base_format: base.base_format.default('qcow2'),
  path: arg.path().default('/var/lib/libvirt/images').describe('Folder of the disks on the hosts.'),
  ...each,
  variables: arg.dict(arg.raw()).default({}).describe('More variables for the template.'),
  overrides: arg
    .list(override)
    .default([])
    .describe('What is different for one VM. A list (disks, interfaces) and cloud_init replace those of the task.'),
  placement: arg
    .choice('spread', 'pack')
    .default('spread')
    .describe('By free memory, then processors: spread evenly, or fill one host after another.'),
  anti_affinity: arg
    .list(arg.list(arg.name()))
    .default([])
    .describe('Groups of VMs of which no two are made on one host.'),
  vcpu_ratio: arg
    .int()
    .optional()
    .describe('Virtual processors of running machines on a host, at most so many for each of its own.'),
  memory_ratio: arg
    .float()
    .default(1)
    .describe(
      'Memory of running machines on a host, at most so many times its own; what is free by its own account limits it too.',
    ),
  gateway: arg.str().optional().describe('Of VMs with an address.'),
  nameservers: arg.oneOrMore(arg.str()).default([]).describe('Of VMs with an address.'),
  reserve: arg.str().default('512MiB').describe('Memory that stays free on every host.'),
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
  ...changeArgs,
  ...stopArgs,
}

/** Arguments of libvirt_vms. */
export const vmsArgs = arg.object(all, { aliases: { timeout: 'wait_timeout' } })
export type VmsArgs = z.output<typeof vmsArgs>
