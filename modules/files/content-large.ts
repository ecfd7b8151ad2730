import { knownDigest, rememberDigest, stampScript } from '../../core/connection/files/known-digests.ts'
import type { LargeFile } from '../../core/connection/files/large-file.ts'
import { type ShellText, sh } from '../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../core/module/types.ts'
import { absentScript, permissionDenied, statScript, takeEntry } from './entry.ts'
import type { Look, Seen } from './looks.ts'

/*
 * A look at what is to become a file of gigabytes: it is only read where it could be that content, and not a second time as long
 * as it is the same.
 */

/** A host reads no slower than this, in bytes per millisecond: a disk that is busy, over NFS. */
const LEAST_RATE = 10_000
const PATIENCE_MS = 180_000
const DENIED = 13

/** What is at the path, through links; with its digest if it has the size of the file. */
export async function lookForLarge(host: Reader, target: Pick<Look, 'path' | 'into'>, file: LargeFile): Promise<Seen> {
  const { path, into } = target
  const inside = into === undefined ? undefined : `${path.replace(/\/$/, '')}/${into}`
  const known = [path, ...(inside === undefined ? [] : [inside])].flatMap((one) => knownDigest(host.name, one) ?? [])
  const answer = await host.read(
    script(
      path,
      inside,
      file.size,
      known.map((one) => one.stamp),
    ),
    {
      timeoutMs: PATIENCE_MS + file.size / LEAST_RATE,
    },
  )
  if (answer.status === DENIED) throw permissionDenied(path)
  if (answer.status !== 0) throw new ModuleFailure(`cannot look at ${path}: ${answer.stderr.toString().trim()}`)
  const [letters = '', ...lines] = answer.stdout.toString().split('\n')
  const found = letters.startsWith('i') && inside !== undefined ? inside : path
  const entry = takeEntry(lines, found)
  const seen = { path: found, content: undefined, link: undefined, device: entry.device }
  if (letters.endsWith('n')) return { ...seen, entry: undefined }
  const [stamp = '', sum] = lines
  const fresh = /^\\?([0-9a-f]{64})\b/.exec(sum ?? '')?.[1]
  if (fresh !== undefined) rememberDigest(host.name, found, { stamp, sha256: fresh })
  const digest = fresh ?? (stamp === '' ? undefined : known.find((one) => one.stamp === stamp)?.sha256)
  return { ...seen, entry: { ...entry, ...(digest !== undefined && { digest }) } }
}

/** Prints i where the path is a folder that the file goes into, n or e for nothing or something, an entry, its stamp, its digest. */
const script = (
  path: string,
  inside: string | undefined,
  size: number,
  known: readonly string[],
): ShellText => sh`p=${path}
${inside === undefined ? sh`` : sh`[ ! -d "$p" ] || { p=${inside}; printf i; }`}
if [ ! -e "$p" ]; then
  ${absentScript(DENIED)}
  echo n
  ${statScript(sh`"$d"`, { follow: true })}
  exit
fi
echo e
${statScript(sh`"$p"`, { follow: true })} || exit 1
[ -f "$p" ] && [ -r "$p" ] && [ "$(stat -L -c %s -- "$p")" = ${size} ] || exit 0
s=$(${stampScript(sh`"$p"`)}) || exit 0
printf '%s\n' "$s"
for k in ${known}; do [ "$s" != "$k" ] || exit 0; done
exec sha256sum <"$p"`
