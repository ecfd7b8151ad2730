import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { CommandResult } from '../../core/connection/types.ts'
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

/** Script that prints one entry for parseEntry; nothing where there is none. Exits 0 but for an unreadable folder. */
export function entryScript(path: string, options: { follow?: boolean; digest?: Digest } = {}): ShellText {
  const dereference = sh.raw(options.follow ? '-L ' : '')
  const parts = [
    sh`p=${path}`,
    sh`if [ -e "$p" ] || [ -L "$p" ]; then :; else ls -d "$p" 2>&1 | grep -q 'ermission denied' && exit 13; exit 0; fi`,
    options.follow ? sh`[ -e "$p" ] || exit 0` : sh``,
    sh`stat ${dereference}-c ${FORMAT} "$p" || exit 1`,
  ]
  if (!options.follow) parts.push(sh`if [ -L "$p" ]; then printf 'target '; readlink "$p"; exit 0; fi`)
  if (options.digest) {
    parts.push(sh`if [ -f "$p" ] && [ -r "$p" ]; then printf 'digest '; ${sh.raw(`${options.digest}sum`)} < "$p"; fi`)
  }
  return sh.join(parts)
}

/** The answer to entryScript; undefined where nothing is at that path. Raises ModuleFailure where it cannot be told. */
export function parseEntry(result: CommandResult, path: string): Entry | undefined {
  if (result.status === 13)
    throw new ModuleFailure(`permission denied: ${path}`, { hint: 'become a user who may read it' })
  const text = result.stdout.toString()
  if (result.status !== 0) throw new ModuleFailure(`cannot stat ${path}: ${result.stderr.toString().trim()}`)
  if (text === '') return undefined
  const lines = text.split('\n')
  const [hex, uid, gid, user, group, size, inode, device, links, atime, mtime, ctime, ...rest] = lines
  const bits = Number.parseInt(hex ?? '', 16)
  const kind = KINDS[bits >> 12]
  if (kind === undefined) throw new ModuleFailure(`cannot understand stat of ${path}: ${text.slice(0, 80)}`)
  const extra = rest.join('\n')
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
    ...(extra.startsWith('target ') && { target: extra.slice(7).replace(/\n$/, '') }),
    ...(extra.startsWith('digest ') && { digest: extra.slice(7).split(/\s/)[0]! }),
  }
}

function named(name: string | undefined, id: string | undefined): string {
  return name === undefined || name === '' || name === 'UNKNOWN' ? (id ?? '') : name
}

/** Octal with four digits, as Ansible shows modes. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
