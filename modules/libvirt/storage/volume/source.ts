import { dirname, resolve } from 'node:path'
import { sh } from '../../../../core/connection/quote.ts'
import { basesIn } from '../../../../core/libvirt/images/bases.ts'
import { scanChains } from '../../../../core/libvirt/images/scan.ts'
import { ModuleFailure, type Reader } from '../../../../core/module/types.ts'
import { HEADER_BYTES, readHeader } from '../../image/qcow2.ts'
import { lookFor } from '../../image/users.ts'
import { formatByName, type SourceFormat } from './args.ts'
import { type DomainDisks, writtenBy } from './domains.ts'

/** An image on the host that a volume is made from. */
export interface Source {
  readonly path: string
  readonly format: SourceFormat
  /** In bytes. */
  readonly virtualSize: bigint
}

/** What is asked for, and where images may lie. */
export interface SourceQuestion {
  readonly path: string
  readonly format: SourceFormat | undefined
  /** What a copy of it, or an image on top of it, would be if somebody wrote to it. */
  readonly harm?: string
  readonly domains: readonly DomainDisks[]
  /** Folders of the host's pools: what is below an image is read with it, and must lie in one of them, or beside it. */
  readonly folders: readonly string[]
}

const NO_TOOL = 97

/** Undefined: there is nothing at that path. Raises ModuleFailure for what must not be read, or cannot be. */
export async function lookAtSource(host: Reader, question: SourceQuestion): Promise<Source | undefined> {
  const { path, domains } = question
  const told = question.format ?? formatOfDisk(path, domains)
  const format = told ?? formatByName(path)
  if (format === undefined)
    throw new ModuleFailure(`the format of ${path} is not known`, {
      hint: 'give from_format; it is not guessed from the content, which a guest may have written',
    })
  const writers = domains.flatMap((one) => writtenBy(one).map((file) => ({ one, file })))
  const answer = await host.read(sh`p=${path}
[ -e "$p" ] || { echo n; exit 0; }
echo y
for f in ${writers.map(({ file }) => file)}; do if [ "$f" -ef "$p" ] || [ "$f" = "$p" ]; then echo w; else echo o; fi; done
dd if="$p" bs=${HEADER_BYTES} count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \\n'
echo
command -v qemu-img >/dev/null 2>&1 || exit ${NO_TOOL}
qemu-img info -U -f ${format} --output=json -- "$p"`)
  const [there, ...lines] = answer.stdout.toString().split('\n')
  if (there === 'n') return undefined
  const writer = writers.find((_, i) => lines[i] === 'w')?.one
  if (writer)
    throw new ModuleFailure(
      `${path} is a disk of '${writer.name}', which ${writer.running ? 'runs' : 'is saved'}: ${question.harm ?? 'a copy of it would be torn'}`,
      {
        hint: writer.running ? 'shut it down first (libvirt_domain with state: stopped)' : 'start it and shut it down',
      },
    )
  if (answer.status === NO_TOOL)
    throw new ModuleFailure('qemu-img, which copies and converts images, is not on the host', {
      hint: 'libvirt_host installs it',
    })
  const [header = '', ...json] = lines.slice(writers.length)
  if (answer.status !== 0)
    throw new ModuleFailure(`${path} is no ${format} image: ${answer.stderr.toString().trim().slice(0, 300)}`)
  if (told === undefined) refuseOtherFormat(path, format, Buffer.from(header, 'hex'))
  return { path, format, virtualSize: await checked(host, question, format, json.join('\n')) }
}

/** What a machine says of its own disk. */
const formatOfDisk = (path: string, domains: readonly DomainDisks[]): SourceFormat | undefined => {
  const said = domains.flatMap((one) => one.disks).find((disk) => disk.source === path)?.format
  return said === 'qcow2' || said === 'raw' ? said : undefined
}

/** A name that says raw, and a content that says otherwise: one of them is wrong, and the copy would be of no use, or of too much. */
export function refuseOtherFormat(path: string, format: SourceFormat, header: Buffer): void {
  if (format !== 'raw' || !(readHeader(header).format === 'qcow2' || header.subarray(0, 4).toString() === 'KDMV'))
    return
  throw new ModuleFailure(`${path} should be raw, and begins as an image of another format does`, {
    hint: 'give from_format, if you know what it is: raw for the disk of a guest that wrote this itself',
  })
}

/** Its virtual size. Whatever else is read with it must lie where images are: a header can name any file of the host. */
async function checked(host: Reader, question: SourceQuestion, format: SourceFormat, json: string): Promise<bigint> {
  const { path } = question
  const info = parseInfo(json)
  const size = info['virtual-size']
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw new ModuleFailure(`what qemu-img says of ${path} is not understood`)
  const specific = (info['format-specific'] as { data?: Record<string, unknown> } | undefined)?.data ?? {}
  if (typeof specific['data-file'] === 'string')
    throw new ModuleFailure(`${path} has its data in another file, ${specific['data-file']}, and is not copied`)
  if (format === 'raw') return BigInt(size)
  const folders = new Set([dirname(path), ...question.folders.map((folder) => resolve(folder))])
  const outside = [...(await below(host, path, json)), ...extentsOf(specific, path)].find(
    (file) => !folders.has(dirname(file)),
  )
  if (outside === undefined) return BigInt(size)
  throw new ModuleFailure(`${path} names ${outside}, which is in no pool and not beside it, and is not copied`, {
    hint: 'whoever gets the copy would get what is in that file; if it is an image, move it beside this one',
  })
}

function parseInfo(json: string): Record<string, unknown> {
  try {
    const info: unknown = JSON.parse(json)
    return typeof info === 'object' && info !== null ? (info as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** All that it is on top of. */
async function below(host: Reader, path: string, json: string): Promise<string[]> {
  const bases = basesIn(json, path)
  const seen = bases && bases.length > 0 ? await scanChains(lookFor(host, path), bases, []) : []
  const all = [bases, ...(seen ?? []).map((file) => file.bases)]
  if (all.includes(undefined)) throw new ModuleFailure(`what ${path} is on top of cannot be told, and it is not copied`)
  return all.flatMap((one) => one ?? [])
}

/** Files that a VMDK has its data in. */
function extentsOf({ extents }: { extents?: unknown }, path: string): string[] {
  return (Array.isArray(extents) ? (extents as unknown[]) : []).flatMap((one) => {
    const name = (one as { filename?: unknown } | null)?.filename
    return typeof name === 'string' ? [resolve(dirname(path), name.replace(/^file:/, ''))] : []
  })
}
