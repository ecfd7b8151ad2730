import { basename } from 'node:path'
import { stampScript } from '../../../core/connection/files/known-digests.ts'
import { LARGE_FILE } from '../../../core/connection/files/large-file.ts'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { ImageUsers } from '../../../core/libvirt/images/users.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { checksums, type Wanted } from '../../files/content.ts'
import { absentScript, type Entry, permissionDenied, statScript, takeEntry } from '../../files/entry.ts'
import type { ImageArgs } from './args.ts'
import { type Algorithm, declaredDigest, digestInList, type ImageDigest, nameInUrl } from './digest.ts'
import { fetchList } from './fetch.ts'
import { HEADER_BYTES, type ImageHeader, readHeader } from './qcow2.ts'
import { recordPath } from './record.ts'
import { usersOfImage } from './users.ts'

/** An image that is there. */
export interface FoundImage {
  readonly entry: Entry
  readonly digest: string | undefined
  readonly header: ImageHeader
}

export interface ImageState {
  readonly wanted: ImageDigest | undefined
  /** The controller's file. */
  readonly source: Wanted | undefined
  readonly found: FoundImage | undefined
  /** Who needs what is there; read only where it would be replaced or removed. */
  readonly users: ImageUsers | undefined
}

const PATIENCE_MS = 3_600_000

export async function probeImage(host: Reader, a: ImageArgs): Promise<ImageState> {
  if (a.state !== 'present') {
    const found = await lookAt(host, a, undefined)
    return { wanted: undefined, source: undefined, found, users: found && (await usersOfImage(host, a.path)) }
  }
  const declared = a.checksum === undefined ? undefined : declaredDigest(a.checksum)
  const source = a.src === undefined ? undefined : await contentOf(host, a.src)
  const algorithm = declared?.algorithm ?? 'sha256'
  const [hex, found] = await Promise.all([
    declared === undefined ? undefined : 'hex' in declared ? declared.hex : listed(host, a, declared),
    lookAt(host, a, algorithm),
  ])
  if (source && hex !== undefined && algorithm === 'sha256' && checksums(source).sha256 !== hex)
    throw new ModuleFailure(`${a.src} is not the file that checksum names: its SHA-256 is ${checksums(source).sha256}`)
  const wanted = { algorithm, hex: hex ?? checksums(source!).sha256 }
  const users = found && found.digest !== wanted.hex ? await usersOfImage(host, a.path) : undefined
  return { wanted, source, found, users }
}

/** A file of the controller; large ones are not held in memory. */
export async function contentOf(host: Reader, src: string): Promise<Wanted> {
  const path = await host.files.find('files', src)
  const { size } = await host.files.stat(path)
  if (size < LARGE_FILE) return host.files.read(path)
  const onProgress = (percent: number): void => host.progress(`reading ${basename(path)} on the controller`, percent)
  return (await host.files.large(path, { signal: host.signal, onProgress })) ?? host.files.read(path)
}

async function listed(host: Reader, a: ImageArgs, declared: { algorithm: Algorithm; list: string }): Promise<string> {
  const name = a.url === undefined ? basename(a.src ?? '') : nameInUrl(a.url)
  const hex = digestInList(await fetchList(host, declared.list), name, declared.algorithm)
  if (hex !== undefined) return hex
  throw new ModuleFailure(`there is no ${declared.algorithm} of ${name} in ${declared.list}`)
}

const DENIED = 13

/** What is at the path; `algorithm`: which digest of it, where that is not on record. */
export async function lookAt(
  host: Reader,
  a: Pick<ImageArgs, 'path' | 'verify'>,
  algorithm: Algorithm | undefined,
): Promise<FoundImage | undefined> {
  const answer = await host.read(lookScript(a, algorithm), { timeoutMs: PATIENCE_MS })
  if (answer.status === DENIED) throw permissionDenied(a.path)
  if (answer.status !== 0) throw new ModuleFailure(`cannot look at ${a.path}: ${answer.stderr.toString().trim()}`)
  const [letter, ...lines] = answer.stdout.toString('latin1').split('\n')
  if (letter !== 'e') return undefined
  const entry = takeEntry(lines, a.path)
  const [digest = '', header = ''] = lines
  return {
    entry,
    digest: /^[0-9a-f]{64,128}$/.exec(digest)?.[0],
    header: readHeader(Buffer.from(header, 'hex')),
  }
}

function lookScript(a: Pick<ImageArgs, 'path' | 'verify'>, algorithm: Algorithm | undefined): ShellText {
  const record = recordPath(a.path)
  const known = a.verify === 'always' ? sh`` : sh`case $j in "$s ${sh.raw(algorithm ?? '')}:"*) h=\${j##*:} ;; esac`
  const digest =
    algorithm === undefined
      ? sh`echo`
      : sh`s=$(${stampScript(sh`"$p"`)}) j= h=
[ ! -r ${record} ] || IFS= read -r j <${record} || :
${known}
[ -n "$h" ] || { h=$(${sh.raw(algorithm)}sum <"$p") || exit 1; h=\${h%% *}; }
printf '%s\n' "\${h#\\\\}"`
  return sh`p=${a.path}
if [ ! -e "$p" ]; then
  ${absentScript(DENIED)}
  echo n; exit
fi
echo e
${statScript(sh`"$p"`, { follow: true })} || exit 1
[ -f "$p" ] || exit 0
[ -r "$p" ] || exit ${DENIED}
${digest}
dd if="$p" bs=${HEADER_BYTES} count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n'`
}
