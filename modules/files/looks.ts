import { randomBytes } from 'node:crypto'
import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { CommandResult } from '../../core/connection/types.ts'
import { ModuleFailure, type Reader } from '../../core/module/types.ts'
import { absentScript, type Entry, PLAIN, permissionDenied, statScript, takeEntry } from './entry.ts'

/*
 * What is at several paths of a host: one script, with one process for all of stat and one for all digests.
 */

/** A path to look at. */
export interface Look {
  readonly path: string
  /** Name in `path` to look at instead, where `path` is a folder. */
  readonly into?: string | undefined
  /** SHA-256 of the content that is declared, lower-case hexadecimal. Without it any content differs. */
  readonly sha256?: string | undefined
}

export interface Seen {
  /** The path with `into`, where that counted. */
  readonly path: string
  /** What a link at the path leads to, or the thing itself; files that may be read have their `digest`. */
  readonly entry: Entry | undefined
  /** Content, where it differs from what is declared, is at most DIFF_LIMIT bytes, and --diff was asked. */
  readonly content: Buffer | undefined
  /** Number of the file system: of the entry, or of the nearest folder above a path that is not there. */
  readonly device: number
}

/** Larger contents are not fetched for a diff. */
export const DIFF_LIMIT = 100 * 1024

/** Paths of one script: a shell takes quadratic time to gather them. */
const CHUNK = 100
const DENIED = 13

/** Looks at all of them in one round trip, through links. Raises ModuleFailure where a path cannot be looked at. */
export async function look(host: Reader, looks: readonly Look[]): Promise<Seen[]> {
  const chunks = Array.from({ length: Math.ceil(looks.length / CHUNK) }, (_, i) =>
    looks.slice(i * CHUNK, (i + 1) * CHUNK),
  )
  const seen = await Promise.all(
    chunks.map(async (chunk) => {
      const mark = host.wantsDiff ? `@@${randomBytes(12).toString('hex')}` : undefined
      return parse(await host.read(script(chunk, mark)), chunk, mark)
    }),
  )
  return seen.flat()
}

/**
 * Prints a letter for each path (f: a file that may be read, e: something else, n: nothing; behind an i where `into` counted), the
 * entries or the folders above, the digests of the files, and contents behind lines of `mark` and their number.
 */
function script(looks: readonly Look[], mark: string | undefined): ShellText {
  const each = looks.map(({ path, into, sha256 }) => {
    const named = into === undefined ? sh`` : sh`\n[ ! -d "$p" ] || { p=\${p%/}/${into}; printf i; }`
    return sh`p=${path} w=${sha256 ?? 'none'}${named}\nsee; set -- "$@" "$p"`
  })
  return sh`${PLAIN}W=
see() {
  if [ -f "$p" ] && [ -r "$p" ]; then printf f; W="$W$w "
  elif [ -e "$p" ]; then printf e
  else
    ${absentScript(DENIED)}
    printf n; p=$d
  fi
}
set --
${sh.join(each)}
echo
${statScript(sh`"$@"`, { follow: true })} || exit 1
for p do shift; if [ -f "$p" ] && [ -r "$p" ]; then set -- "$@" "$p"; fi; done
[ $# -gt 0 ] || exit 0
${mark === undefined ? digests : contents(mark)}`
}

// The name of a single file stays out of it: no name then has to be told from a digest.
const digests = sh`[ $# -gt 1 ] || exec sha256sum <"$1"
exec sha256sum -- "$@"`

const contents = (mark: string): ShellText => sh`L='
'
if [ $# = 1 ]; then s=$(sha256sum <"$1"); else s=$(sha256sum -- "$@"); fi || exit 1
printf '%s\n' "$s"
n=0
for p do
  w=\${W%% *} W=\${W#* } n=$((n + 1)) h=
  # busybox writes a name with a line break as it is.
  while [ \${#h} != 64 ]; do
    [ -n "$s" ] || exit 1
    h=\${s%%"$L"*}
    case $s in *"$L"*) s=\${s#*"$L"} ;; *) s= ;; esac
    h=\${h#\\\\} h=\${h%% *}
  done
  if [ "$h" != "$w" ] && [ "$(wc -c <"$p")" -le ${DIFF_LIMIT} ]; then echo ${mark} $n; cat <"$p" || exit 1; fi
done`

function parse(answer: CommandResult, looks: readonly Look[], mark: string | undefined): Seen[] {
  const end = mark === undefined ? -1 : answer.stdout.indexOf(`${mark} `)
  const text = answer.stdout.subarray(0, end < 0 ? undefined : end).toString()
  const [letters = '', ...lines] = text.split('\n')
  const kinds = letters.match(/i?[fen]/g) ?? []
  if (answer.status === DENIED) throw permissionDenied(looks[kinds.length]?.path ?? '')
  if (answer.status !== 0) {
    const first = looks[0]?.path ?? ''
    const what = looks.length > 1 ? `${first} and ${looks.length - 1} more` : first
    throw new ModuleFailure(`cannot look at ${what}: ${answer.stderr.toString().trim()}`)
  }
  const places = looks.map((one, i) => {
    const kind = kinds[i] ?? ''
    const path = kind.startsWith('i') ? `${one.path.replace(/\/$/, '')}/${one.into}` : one.path
    return { path, kind: kind.slice(-1), entry: takeEntry(lines, path) }
  })
  const sums = lines.map((line) => /^\\?([0-9a-f]{64})\b/.exec(line)?.[1]).filter((sum) => sum !== undefined)
  const found = mark === undefined ? new Map() : contentsIn(answer.stdout, mark)
  let file = 0
  return places.map(({ path, kind, entry }): Seen => {
    const { device } = entry
    if (kind === 'n') return { path, entry: undefined, content: undefined, device }
    if (kind !== 'f') return { path, entry, content: undefined, device }
    const digest = sums[file++]
    const content = found.get(file)
    return { path, entry: digest === undefined ? entry : { ...entry, digest }, content, device }
  })
}

/** Contents by the number of their file, from 1. */
function contentsIn(output: Buffer, mark: string): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  let at = output.indexOf(`${mark} `)
  while (at >= 0) {
    const start = output.indexOf('\n', at) + 1
    const next = output.indexOf(`${mark} `, start)
    found.set(
      Number(output.subarray(at + mark.length + 1, start - 1).toString()),
      output.subarray(start, next < 0 ? undefined : next),
    )
    at = next
  }
  return found
}
