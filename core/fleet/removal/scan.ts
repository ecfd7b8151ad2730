import { dirname, resolve } from 'node:path'
import { type ShellText, sh } from '../../connection/index.ts'
import type { FleetHost } from '../host.ts'

/** A file as the host sees it. */
export interface SeenFile {
  readonly path: string
  /** Device and inode: the same for all names of one file. */
  readonly id: string
  /** `regular file`, as stat says. */
  readonly type: string
  /** Of its file system: `ext2/ext3`, `nfs`. */
  readonly fileSystem: string
  /** Files it is on top of, absolute; undefined where that cannot be told. */
  readonly bases: readonly string[] | undefined
}

const NO_TOOL = 97
/** Many images take their time. */
const PATIENCE_MS = 600_000
const FIELDS = 3

/** These files, and every file in these folders; undefined where the host has no qemu-img. Raises ConnectionError. */
export async function scanFiles(
  host: FleetHost,
  files: readonly string[],
  folders: readonly string[],
): Promise<SeenFile[] | undefined> {
  const answer = await host.run(script(files, folders), { timeoutMs: PATIENCE_MS })
  if (answer.status === NO_TOOL) return undefined
  return readScan(answer.stdout.toString('utf8'))
}

/** `stat -L` and `stat -f` in one field, the path, what qemu-img says; each with a NUL behind it. */
const script = (files: readonly string[], folders: readonly string[]): ShellText => sh`LC_ALL=C; export LC_ALL
command -v qemu-img >/dev/null 2>&1 || exit ${NO_TOOL}
look() {
  [ -f "$1" ] || [ -b "$1" ] || return 0
  s=$(stat -L -c '%d:%i|%F' -- "$1") && t=$(stat -L -f -c '%T' -- "$1") || s=
  o=$(qemu-img info -U --output=json -- "$1" 2>/dev/null) || o=
  printf '%s|%s\\0%s\\0%s\\0' "$s" "$t" "$1" "$o"
}
for f in ${files}; do look "$f"; done
for d in ${folders}; do for f in "$d"/*; do look "$f"; done; done
exit 0`

export function readScan(output: string): SeenFile[] {
  const parts = output.split('\0')
  const seen = new Map<string, SeenFile>()
  for (let i = 0; i + FIELDS <= parts.length - 1; i += FIELDS) {
    const [stat = '', path = '', info = ''] = parts.slice(i, i + FIELDS)
    const [id = '', type = '', fileSystem = ''] = stat.split('|')
    seen.set(path, { path, id, type, fileSystem, bases: basesIn(info, path) })
  }
  return [...seen.values()]
}

/** Files of the host that an image says it is on top of; undefined where what qemu-img said is not understood. */
export function basesIn(text: string, path: string): string[] | undefined {
  let info: unknown
  try {
    info = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof info !== 'object' || info === null) return undefined
  const named = ['full-backing-filename', 'backing-filename'].map((key) => (info as Record<string, unknown>)[key])
  const bases = named
    .filter((name): name is string => typeof name === 'string')
    .map((name) => name.replace(/^file:/, ''))
  // json:{…} may hide any file.
  if (bases.some((name) => name.startsWith('json:'))) return undefined
  return [...new Set(bases.map((name) => resolve(dirname(path), name)))]
}
