import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { GuestDisk } from './disks.ts'

/** A word for guestfish, whose quoting knows backslashes (guestfish(1)). Throws RangeError for a control character. */
export function fishWord(text: string): string {
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new RangeError('a control character cannot be passed to guestfish')
  return `"${text.replace(/[\\"]/g, (c) => `\\${c}`)}"`
}

/** Options that give these images to any tool of libguestfs, with their formats: nothing is guessed from what a guest has written. */
export const imageOptions = (disks: readonly GuestDisk[]): string[] =>
  disks.flatMap(({ file, format }) => [`--format=${format}`, '-a', file])

/** Without libvirt in between: the appliance is a process of its own. */
export const DIRECT = sh`LIBGUESTFS_BACKEND=direct; export LIBGUESTFS_BACKEND`

/** Runs guestfish's commands in the guest's mounted file systems; reads only, unless told. */
export function fish(disks: readonly GuestDisk[], commands: readonly string[], write = false): ShellText {
  const script = `${commands.join('\n')}\n`
  return sh`printf '%s' ${script} | guestfish ${write ? [] : ['--ro']} ${imageOptions(disks)} -i`
}
