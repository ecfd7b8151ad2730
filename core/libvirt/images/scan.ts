import { type ShellText, sh } from '../../connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../connection/types.ts'
import { basesIn } from './bases.ts'

/** A file as the host sees it. */
export interface SeenFile {
  readonly path: string
  /** Device and inode: the same for all names of one file; empty where it cannot be looked at. */
  readonly id: string
  /** `regular file`, as stat says. */
  readonly type: string
  /** Of its file system: `ext2/ext3`, `nfs`. */
  readonly fileSystem: string
  /** Files it is on top of, absolute; undefined where that cannot be told. */
  readonly bases: readonly string[] | undefined
}

/** Runs a script that only reads. */
export type Look = (script: ShellText, options: CommandOptions) => Promise<CommandResult>

/** Status of the script where there is no qemu-img; any other but 0 means that it was cut, and `look` has to raise an error. */
export const NO_QEMU_IMG = 97
/** Many images take their time. */
const PATIENCE_MS = 600_000
const FIELDS = 3

/**
 * These files, every file in these folders, and all that they are on top of, wherever that is. Undefined where the host has no
 * qemu-img. Raises ConnectionError, and what `look` raises.
 */
export async function scanChains(
  look: Look,
  files: readonly string[],
  folders: readonly string[],
): Promise<SeenFile[] | undefined> {
  const seen = await scan(look, files, folders)
  if (!seen) return undefined
  const asked = new Set([...files, ...seen.map((file) => file.path)])
  for (;;) {
    const more = [...new Set(seen.flatMap((file) => file.bases ?? []))].filter((path) => !asked.has(path))
    if (more.length === 0) return seen
    for (const path of more) asked.add(path)
    seen.push(...((await scan(look, more, [])) ?? []))
  }
}

async function scan(look: Look, files: readonly string[], folders: readonly string[]): Promise<SeenFile[] | undefined> {
  const answer = await look(script(files, folders), { timeoutMs: PATIENCE_MS })
  return answer.status === NO_QEMU_IMG ? undefined : readScan(answer.stdout.toString('utf8'))
}

/** `stat -L` and `stat -f` in one field, the path, what qemu-img says; each with a NUL behind it. */
const script = (files: readonly string[], folders: readonly string[]): ShellText => sh`LC_ALL=C; export LC_ALL
command -v qemu-img >/dev/null 2>&1 || exit ${NO_QEMU_IMG}
look() {
  [ -f "$1" ] || [ -b "$1" ] || return 0
  s=$(stat -L -c '%d:%i|%F' -- "$1") && t=$(stat -L -f -c '%T' -- "$1") || s=
  o=$(qemu-img info -U --output=json -- "$1" 2>/dev/null) || o=
  printf '%s|%s\\0%s\\0%s\\0' "$s" "$t" "$1" "$o"
}
for f in ${files}; do look "$f"; done
for d in ${folders}; do for f in "$d"/* "$d"/.[!.]*; do look "$f"; done; done
exit 0`

/** Which of these folders cannot be looked into: what is in them scanChains passes over in silence. One that is not there is none. */
export async function unreadable(look: Look, folders: readonly string[]): Promise<string[]> {
  const answer = await look(
    sh`LC_ALL=C; export LC_ALL
for d in ${folders}; do
  e=$(ls -- "$d" 2>&1 >/dev/null) && { [ -x "$d" ] || [ ! -d "$d" ]; } || case $e in *'No such file or directory'* | *'Not a directory'*) ;; *) printf '%s\\0' "$d" ;; esac
done
exit 0`,
    { timeoutMs: PATIENCE_MS },
  )
  return answer.stdout.toString().split('\0').slice(0, -1)
}

/** What the script prints; a file that was cut off is none. */
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
