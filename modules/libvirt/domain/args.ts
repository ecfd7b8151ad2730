import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

const disk = arg.object({
  target: arg.name().describe('Name in the guest: vda, sdb.'),
  source: arg.path().optional().describe('Image or block device on the host.'),
  format: arg.choice('qcow2', 'raw').default('qcow2'),
  bus: arg.choice('virtio', 'scsi', 'sata', 'usb').default('virtio'),
  device: arg.choice('disk', 'cdrom').default('disk'),
  cache: arg.choice('none', 'writeback', 'writethrough', 'directsync').optional(),
  readonly: arg.bool().default(false),
  state: arg.choice('present', 'absent').default('present').describe('absent: detached; the image stays.'),
})
export type DiskArgs = z.output<typeof disk>

const nic = arg.object({
  mac: arg.name().describe('Its address, which is its identity.'),
  network: arg.str().optional().describe('Network of libvirt.'),
  bridge: arg.str().optional().describe('Bridge of the host.'),
  model: arg.str().default('virtio'),
  state: arg.choice('present', 'absent').default('present'),
})
export type NicArgs = z.output<typeof nic>

/** How a running guest is stopped. */
export const stopArgs = {
  shutdown_timeout: arg.int().default(120).describe('Seconds that a guest gets to shut down.'),
  shutdown_policy: arg
    .choice('fail', 'destroy')
    .default('fail')
    .describe('What happens to a guest that does not: the task fails, or the guest is cut off.'),
}

/** Arguments of libvirt_domain. */
export const domainArgs = arg.object({
  name: arg.name().describe('Name of the domain.'),
  state: arg
    .choice('present', 'running', 'stopped', 'paused', 'absent')
    .default('present')
    .describe('present: defined, running or not.'),
  template: arg
    .str()
    .optional()
    .describe('Template of the definition, such as domain.xml.njk; `name` is among its variables.'),
  xml: arg.str().optional().describe('The definition itself.'),
  variables: arg.dict(arg.raw()).default({}).describe('More variables for the template.'),
  disks: arg.list(disk).default([]).describe('Disks by target; others of the domain stay.'),
  interfaces: arg.list(nic).default([]).describe('Interfaces by MAC; others of the domain stay.'),
  autostart: arg.bool().optional().describe('Start with the host. Default: as it is.'),
  restart: arg
    .choice('never', 'if_needed')
    .default('never')
    .describe('if_needed: a running guest is shut down and started where a change waits for its next boot.'),
  ...stopArgs,
  delete_storage: arg
    .bool()
    .default(false)
    .describe(
      'With state absent: delete the writable disk images that only this domain uses. Never CD-ROMs, base images, shared disks.',
    ),
  keep_nvram: arg.bool().default(false).describe('With state absent: leave the file with the firmware variables.'),
})
export type DomainArgs = z.output<typeof domainArgs>
export type StopArgs = Pick<DomainArgs, 'shutdown_timeout' | 'shutdown_policy'>
