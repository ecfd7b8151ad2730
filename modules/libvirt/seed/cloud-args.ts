import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'
import { attributeArgs } from '../../files/attributes.ts'

const user = arg.object({
  name: arg.name().describe('Name of the user.'),
  ssh_authorized_keys: arg.oneOrMore(arg.name()).default([]).describe('Public keys.'),
  groups: arg.list(arg.name()).default([]),
  sudo: arg.str().optional().describe('Such as ALL=(ALL) NOPASSWD:ALL.'),
  shell: arg.path().default('/bin/bash'),
  gecos: arg.str().optional(),
  passwd: arg.str().optional().describe('Hash of a password, such as password_hash makes.'),
  lock_passwd: arg.bool().optional().describe('No login by password. Default: true where there is no passwd.'),
})
export type UserArgs = z.output<typeof user>

/** Arguments that say what is on a seed. */
export const cloudArgs = {
  hostname: arg.name().optional().describe('Name of the guest.'),
  instance_id: arg
    .name()
    .optional()
    .describe('cloud-init runs anew where it changes. Default: computed from the content of the seed.'),
  user_data: arg.raw().optional().describe('A mapping is written as #cloud-config; a text as it is.'),
  meta_data: arg.raw().optional().describe('More meta-data: a mapping, or a text that is used as it is.'),
  network_config: arg.raw().optional().describe('Network configuration, version 1 or 2: a mapping or a text.'),
  vendor_data: arg.raw().optional().describe('As user_data.'),
  users: arg.list(user).default([]).describe('Users beside the default one of the image.'),
  ssh_authorized_keys: arg.oneOrMore(arg.name()).default([]).describe('Public keys of the default user of the image.'),
}

/** Arguments of cloud_init. */
export const cloudInitArgs = arg.object(
  {
    dest: arg.path().describe('Path of the image on the host.'),
    state: arg.choice('present', 'absent').default('present'),
    ...cloudArgs,
    ...attributeArgs,
    mode: arg.mode().default('0600').describe('Permissions; a seed may hold secrets.'),
    backup: arg.bool().default(false).describe('Keep the old image beside the new one.'),
  },
  { aliases: { path: 'dest' } },
)
export type CloudInitArgs = z.output<typeof cloudInitArgs>
