import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

/** Arguments of libvirt_clone. */
export const cloneArgs = arg.object({
  name: arg
    .name()
    .refine((text) => !/[/\u0000-\u001f\u007f]|^[.-]/.test(text), { message: 'is no name of a domain and its files' })
    .describe('Name of the new domain.'),
  source: arg.name().describe('Domain that is cloned; it must be shut off.'),
  type: arg
    .choice('full', 'linked')
    .default('full')
    .describe('full: with images of its own. linked: its images hold only what differs from those of the source.'),
  seal_source: arg
    .bool()
    .default(false)
    .describe(
      'linked: make the images of the source read-only, so that it cannot be started any more. Started, it would damage every clone.',
    ),
  folder: arg.path().optional().describe('Folder of the new images. Default: beside those of the source.'),
  exclude_disks: arg.list(arg.name()).default([]).describe('Disks that the clone does not get, by target.'),
  fleet: arg.name().default('default').describe('UUID and MACs are computed from it and the name.'),
  reset: arg
    .bool()
    .default(false)
    .describe(
      'Take the identity out of the guest by virt-sysprep: host keys, machine-id, logs, leases. The host needs libguestfs.',
    ),
  autostart: arg.bool().default(false).describe('Start the clone with the host.'),
})
export type CloneArgs = z.output<typeof cloneArgs>
