import type { z } from 'zod'
import { EXACT_KINDS, type ExactKind } from '../../../core/libvirt/xml/exact.ts'
import { arg } from '../../../core/module/arg.ts'
import { RISKS } from './risks.ts'

const disk = arg.object({
  target: arg.name().describe('Name in the guest: vda, sdb.'),
  source: arg.path().optional().describe('Image or block device on the host. A CD-ROM without one is ejected.'),
  format: arg
    .choice('qcow2', 'raw')
    .optional()
    .describe('Default of a disk that is attached: qcow2; raw of a block device.'),
  bus: arg
    .choice('virtio', 'scsi', 'sata', 'usb', 'ide')
    .optional()
    .describe('Default of a disk that is attached: by its target, virtio for vda, scsi for sda (sata for a CD-ROM).'),
  device: arg.choice('disk', 'cdrom').default('disk'),
  cache: arg.choice('none', 'writeback', 'writethrough', 'directsync').optional(),
  serial: arg.name().optional().describe('Serial number that the guest sees; a disk is found by it too.'),
  size: arg
    .name()
    .optional()
    .describe(
      'Virtual size that the disk has at least, such as 20G: it is grown, while the guest runs too. Never shrunk.',
    ),
  readonly: arg.bool().default(false),
  rename_from: arg
    .path()
    .optional()
    .describe(
      'Name that the image may still have: it is renamed to source, and the definition follows. Only of a machine that is off, and of an image that nothing else needs.',
    ),
  state: arg.choice('present', 'absent').default('present').describe('absent: detached; the image stays.'),
})
export type DiskArgs = z.output<typeof disk>

const nic = arg.object({
  mac: arg.name().describe('Its address, which is its identity.'),
  network: arg.str().optional().describe('Network of libvirt.'),
  bridge: arg.str().optional().describe('Bridge of the host.'),
  model: arg.str().optional().describe('Default of an interface that is attached: virtio.'),
  link: arg.choice('up', 'down').optional(),
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
  force: arg.bool().default(false).describe('The same as shutdown_policy: destroy.'),
}

/** What may be done to a domain that is there. */
export const changeArgs = {
  restart: arg
    .choice('never', 'if_needed')
    .default('never')
    .describe('if_needed: a running guest is shut down and started where a change waits for its next boot.'),
  allow: arg
    .list(arg.choice(...RISKS))
    .default([])
    .describe(
      'Changes that a guest may not survive, and that are only told unless they are named here: machine (another family of machine types), firmware (BIOS for UEFI or back), tpm (what the guest sealed is lost).',
    ),
}

const hardware = {
  uuid: arg.name().optional(),
  title: arg.str().optional(),
  description: arg.str().optional(),
  memory: arg.name().optional().describe('Memory that it has at most, such as 2GiB; changes at a boot.'),
  current_memory: arg.name().optional().describe('Memory it has now, by its balloon; changes while it runs.'),
  vcpus: arg.int().optional().describe('Processors that it has at most; changes at a boot.'),
  current_vcpus: arg.int().optional().describe('Processors that are there; more come while it runs.'),
  cpu: arg.name().optional().describe('host-model, host-passthrough, maximum, or a model such as Nehalem.'),
  machine: arg.name().optional().describe('q35, pc, or one version of them such as pc-q35-7.2.'),
  firmware: arg
    .choice('bios', 'efi', 'efi-secure')
    .optional()
    .describe('efi: libvirt finds the firmware and keeps the NVRAM; efi-secure: one with secure boot.'),
  tpm: arg.choice('none', '1.2', '2.0').optional().describe('An emulated TPM of that version (swtpm on the host).'),
  boot: arg
    .list(arg.name())
    .optional()
    .describe('Order: hd, cdrom, network; or targets of disks and MACs of interfaces.'),
  console: arg.bool().optional().describe('A serial port with the console on it.'),
  graphics: arg.choice('none', 'vnc', 'spice').optional(),
  graphics_listen: arg.name().default('127.0.0.1').describe('Address of the host on which the screen is served.'),
  graphics_port: arg.int().optional().describe('Default: a free one at each start.'),
  agent: arg.bool().optional().describe('The channel of qemu-guest-agent.'),
}

/** Arguments of libvirt_domain. */
export const domainArgs = arg.object({
  name: arg.name().describe('Name of the domain.'),
  state: arg
    .choice('present', 'running', 'stopped', 'paused', 'absent')
    .default('present')
    .describe('present: defined, running or not.'),
  rename_from: arg.name().optional().describe('Name that the domain may still have; it must be off to be renamed.'),
  template: arg
    .str()
    .optional()
    .describe('Template of the definition, such as domain.xml.njk; `name` is among its variables.'),
  xml: arg.str().optional().describe('The definition itself.'),
  variables: arg.dict(arg.raw()).default({}).describe('More variables for the template.'),
  ...hardware,
  disks: arg.list(disk).default([]).describe('Disks by target; others of the domain stay.'),
  interfaces: arg.list(nic).default([]).describe('Interfaces by MAC; others of the domain stay.'),
  exact: arg
    .list(arg.choice(...(Object.keys(EXACT_KINDS) as [ExactKind, ...ExactKind[]])))
    .default([])
    .describe('Lists that are complete: devices of these kinds that are not declared are removed.'),
  autostart: arg.bool().optional().describe('Start with the host. Default: as it is.'),
  ...changeArgs,
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
export type StopArgs = Pick<DomainArgs, 'shutdown_timeout' | 'shutdown_policy' | 'force'>
