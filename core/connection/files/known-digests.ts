import { type ShellText, sh } from '../quote.ts'

/** More than the large files of a run. */
const MOST_KNOWN = 10_000

/** Prints what tells a content of the file behind `path` from another without reading it: inode, size, times. */
export const stampScript = (path: ShellText): ShellText => sh`stat -L -c ${'%d:%i:%s:%y:%z'} -- ${path}`

interface Known {
  readonly stamp: string
  readonly sha256: string
}

/** Checksums of hosts' large files that this process has seen computed: reading gigabytes twice takes as long twice. */
const known = new Map<string, Known>()

const keyOf = (host: string, path: string): string => `${host}\0${path}`

export function knownDigest(host: string, path: string): Known | undefined {
  return known.get(keyOf(host, path))
}

/** `stamp` is the line of stampScript, taken before the content was read or after it was put in place. */
export function rememberDigest(host: string, path: string, found: Known): void {
  const key = keyOf(host, path)
  known.delete(key)
  for (const other of known.keys()) if (known.size >= MOST_KNOWN) known.delete(other)
  known.set(key, found)
}
