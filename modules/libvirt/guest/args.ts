import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

const guestPath = () =>
  arg.path().refine((text) => !/[\u0000-\u001f\u007f]/.test(text), { message: 'has control characters' })

const copyIn = arg
  .object({
    dest: guestPath().describe('Path of the file in the guest.'),
    src: arg.name().optional().describe('File of the controller.'),
    content: arg.str().optional().describe('The content itself.'),
    mode: arg.mode().default('0644').describe('Permissions, octal.'),
  })
  .refine((a) => (a.src === undefined) !== (a.content === undefined), { message: 'give either src or content' })
  .refine((a) => /^0?o?[0-7]{1,4}$/.test(a.mode), { message: 'mode must be octal here' })

const copyOut = arg.object({
  src: guestPath().describe('Path of the file in the guest.'),
  dest: arg.path().describe('Path on the host.'),
})

const customize = arg.object({
  hostname: arg.str().optional(),
  timezone: arg.str().optional(),
  install: arg.list(arg.name()).default([]).describe('Packages; the appliance needs a network.'),
  uninstall: arg.list(arg.name()).default([]),
  run: arg.oneOrMore(arg.str()).default([]).describe('Commands for the shell of the guest, now.'),
  firstboot: arg.oneOrMore(arg.str()).default([]).describe('Commands for its first boot.'),
  ssh_keys: arg.dict(arg.str()).default({}).describe('Public key by user.'),
  passwords: arg
    .dict(arg.str())
    .default({})
    .describe('Password by user; it never stands in a command line. Another password alone is not noticed: force.'),
  selinux_relabel: arg.bool().default(false),
})
export type CustomizeArgs = z.output<typeof customize>

/** Whether the task writes to the guest. */
export const writes = (a: { copy_in: readonly unknown[]; customize?: unknown; sysprep: boolean }): boolean =>
  a.copy_in.length > 0 || a.customize !== undefined || a.sysprep

/** Arguments of libvirt_guest. */
export const guestArgs = arg
  .object({
    domain: arg.name().optional().describe('Domain whose disks are meant; it must not run.'),
    image: arg.path().optional().describe('An image, instead of a domain.'),
    format: arg
      .choice('qcow2', 'raw', 'vmdk')
      .default('qcow2')
      .describe('Format of the image. A vmdk is only read; libvirt_volume makes a qcow2 image of it.'),
    inspect: arg
      .bool()
      .default(false)
      .describe('Read what the guest is: system, version, file systems and their free space.'),
    list: arg.list(guestPath()).default([]).describe('Folders of the guest whose entries are told.'),
    copy_in: arg.list(copyIn).default([]).describe('Files that the guest shall have.'),
    copy_out: arg.list(copyOut).default([]).describe('Files that the host shall have from the guest.'),
    customize: customize.optional().describe('What virt-customize does; once for each set of these.'),
    sysprep: arg.bool().default(false).describe('Take the identity out of it, once.'),
    sysprep_operations: arg
      .list(arg.name())
      .optional()
      .describe('As virt-sysprep --operations has it. Default: its own choice.'),
    force: arg.bool().default(false).describe('customize and sysprep again, though it was done.'),
  })
  .refine((a) => (a.domain === undefined) !== (a.image === undefined), { message: 'give either domain or image' })
  .refine((a) => a.format !== 'vmdk' || !writes(a), {
    message: 'a vmdk is only read: make a qcow2 image of it first (libvirt_volume with from)',
  })
export type GuestArgs = z.output<typeof guestArgs>
