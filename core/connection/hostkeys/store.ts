import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { type KnownHosts, parseKnownHosts } from './known-hosts.ts'

const EMPTY: KnownHosts = { entries: [], notes: [] }
const cache = new Map<string, { stamp: string; hosts: KnownHosts }>()

/**
 * The parsed file; parsed once, and again only after it changed. A file that does not exist is empty. Raises the
 * system's error for one that cannot be read: what cannot be read could have held a revoked key.
 */
export function readKnownHosts(file: string): KnownHosts {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) return EMPTY
  const stamp = `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
  const cached = cache.get(file)
  if (cached?.stamp === stamp) return cached.hosts
  const hosts = parseKnownHosts(readFileSync(file, 'utf8'), file)
  cache.set(file, { stamp, hosts })
  return hosts
}

/**
 * Adds one line in one append, so that lines of other processes stay whole. Makes the folder (0700) and the file (0600).
 * Synchronous: fifty hosts that become known at once write one after the other.
 */
export function appendKnownHost(file: string, line: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fd = openSync(file, 'a+', 0o600)
  try {
    writeSync(fd, endsInNewline(fd) ? `${line}\n` : `\n${line}\n`)
  } finally {
    closeSync(fd)
  }
}

function endsInNewline(fd: number): boolean {
  const { size } = fstatSync(fd)
  if (size === 0) return true
  const last = Buffer.alloc(1)
  readSync(fd, last, 0, 1, size - 1)
  return last[0] === 0x0a
}
