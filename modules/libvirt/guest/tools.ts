import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { CustomizeArgs, GuestArgs } from './args.ts'
import type { GuestDisk } from './disks.ts'
import { imageOptions } from './fish.ts'
import type { Stamp } from './stamps.ts'

/**
 * What is due, by one tool in one appliance; passwords are in files. virt-sysprep customizes too, last; both leave a machine-id that
 * no other guest has.
 */
export function toolCommand(
  a: GuestArgs,
  stamps: readonly Stamp[],
  disks: readonly GuestDisk[],
  passwords: readonly { readonly user: string; readonly file: string }[],
): ShellText {
  const due = (what: Stamp['what']): boolean => stamps.some((one) => one.what === what)
  const images = imageOptions(disks)
  const customize = due('customize') && a.customize ? customizeOptions(a.customize, passwords) : undefined
  if (!due('sysprep')) return sh`virt-customize -q ${images} ${customize ?? []}`
  const chosen = a.sysprep_operations
  const operations = chosen ? ['--operations', [...chosen, ...(customize ? ['customize'] : [])].join(',')] : []
  return sh`virt-sysprep -q ${images} ${operations} ${customize ?? ['--no-network']}`
}

/** Options of virt-customize(1), in an order in which each finds what it needs. */
export function customizeOptions(
  c: CustomizeArgs,
  passwords: readonly { readonly user: string; readonly file: string }[],
): string[] {
  return [
    // Without a network there is nothing that the guest's commands could reach; packages cannot do without.
    ...(c.install.length > 0 || c.uninstall.length > 0 ? [] : ['--no-network']),
    ...(c.hostname === undefined ? [] : ['--hostname', c.hostname]),
    ...(c.timezone === undefined ? [] : ['--timezone', c.timezone]),
    ...(c.install.length > 0 ? ['--install', c.install.join(',')] : []),
    ...(c.uninstall.length > 0 ? ['--uninstall', c.uninstall.join(',')] : []),
    ...passwords.flatMap(({ user, file }) => ['--password', `${user}:file:${file}`]),
    ...Object.entries(c.ssh_keys).flatMap(([user, key]) => ['--ssh-inject', `${user}:string:${key}`]),
    ...c.run.flatMap((command) => ['--run-command', command]),
    ...c.firstboot.flatMap((command) => ['--firstboot-command', command]),
    ...(c.selinux_relabel ? ['--selinux-relabel'] : []),
  ]
}
