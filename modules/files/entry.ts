import { type ShellText, sh } from '../../core/connection/quote.ts'
import { ModuleFailure } from '../../core/module/types.ts'

export type EntryKind = 'file' | 'directory' | 'link' | 'char' | 'block' | 'fifo' | 'socket'

/** What is at a path on a host, as stat(2) tells it. */
export interface Entry {
  readonly kind: EntryKind
  /** Permission bits with set-id and sticky, 0 to 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** The number as text where the host has no name for it. */
  readonly owner: string
  readonly group: string
  readonly size: number
  readonly inode: number
  readonly device: number
  readonly links: number
  /** Seconds since the epoch. */
  readonly atime: number
  readonly mtime: number
  readonly ctime: number
  /** Target of a symbolic link, as stored. */
  readonly target?: string
  /** Lower-case hexadecimal digest, where it was asked for and the entry is a readable file. */
  readonly digest?: string
}

export type Digest = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'

const KINDS: Record<number, EntryKind> = {
  1: 'fifo',
  2: 'char',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'link',
  12: 'socket',
}

// The format has a value a line: names of users and groups may have spaces.
const FORMAT = '%f\n%u\n%g\n%U\n%G\n%s\n%i\n%d\n%h\n%X\n%Y\n%Z'
/** Lines of one entry. */
export const ENTRY_LINES = FORMAT.split('\n').length

/** Begins a script whose tools print bytes as they are: for a locale each of them would open a dozen files. */
export const PLAIN: ShellText = sh`LC_ALL=C\n`

/**
 * Script that prints entries for takeEntry, in one process: of `"$@"` and the like, or of paths. `follow`: what links lead to.
 * `named`: in front of each a line with its name and, of a link, the target, quoted as that stat(1) does.
 */
export const statScript = (paths: ShellText, options: { follow: boolean; named?: boolean }): ShellText =>
  sh`stat ${options.follow ? ['-L'] : []} -c ${options.named ? `%N\n${FORMAT}` : FORMAT} -- ${paths}`

/** Script for a $p that is not there: sets $d to the nearest folder above it. It needs no process. */
export const aboveScript: ShellText = sh`d=$p
while :; do
  case $d in */*) d=\${d%/*} ;; *) d=.; break ;; esac
  [ -n "$d" ] || d=/
  [ ! -d "$d" ] || break
done`

/** The same; ends with that status where the folder may not be entered, so that nobody can tell what is in it. */
export const absentScript = (status: number): ShellText => sh`${aboveScript}
[ -x "$d" ] || exit ${status}`

export const permissionDenied = (path: string): ModuleFailure =>
  new ModuleFailure(`permission denied: ${path}`, { hint: 'become a user who may read it' })

/** Takes the lines of one entry from the front of a list. Raises ModuleFailure where they are none. */
export function takeEntry(lines: string[], path: string): Entry {
  const taken = lines.splice(0, ENTRY_LINES)
  const [hex, uid, gid, user, group, size, inode, device, links, atime, mtime, ctime] = taken
  const bits = Number.parseInt(hex ?? '', 16)
  const kind = KINDS[bits >> 12]
  if (kind === undefined || taken.length < ENTRY_LINES) {
    throw new ModuleFailure(`cannot understand stat of ${path}: ${taken.join(' ').slice(0, 80)}`)
  }
  return {
    kind,
    mode: bits & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    owner: named(user, uid),
    group: named(group, gid),
    size: Number(size),
    inode: Number(inode),
    device: Number(device),
    links: Number(links),
    atime: Number(atime),
    mtime: Number(mtime),
    ctime: Number(ctime),
  }
}

function named(name: string | undefined, id: string | undefined): string {
  return name === undefined || name === '' || name === 'UNKNOWN' ? (id ?? '') : name
}

/** Octal with four digits, as Ansible shows modes. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
