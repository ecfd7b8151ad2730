import { dirname, resolve } from 'node:path'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { ask } from '../daemon/ask.ts'
import { type DomainFiles, filesOfDomains, poolFolders } from './places.ts'

/** Who needs an image: domains that have it as a disk, and images on top of it; and files that nobody could look into. */
export interface ImageUsers {
  readonly domains: readonly string[]
  readonly overlays: readonly string[]
  readonly unknown: readonly string[]
}

const NO_TOOL = 97
const PATIENCE_MS = 600_000

/**
 * Everything on the host that may refer to the image: disks of its domains, what is in its pools, and what is beside it. Raises
 * ModuleFailure where that cannot be told.
 */
export async function usersOfImage(host: Reader, path: string): Promise<ImageUsers> {
  const known = await ask(host, async (libvirt) => {
    const [domains, folders] = await Promise.all([filesOfDomains(libvirt), poolFolders(libvirt)])
    return { domains, folders }
  })
  if (known.kind === 'silent')
    throw new ModuleFailure(`who needs ${path} is not known: libvirt does not answer (${known.reason})`)
  const { domains, folders } = known.kind === 'answer' ? known.value : { domains: [], folders: [] }
  const files = [...new Set(domains.flatMap((one) => one.files))]
  const answer = await host.read(script(path, files, [...new Set([dirname(path), ...folders])]), {
    timeoutMs: PATIENCE_MS,
  })
  if (answer.status === NO_TOOL)
    throw new ModuleFailure(`who needs ${path} is not known without qemu-img`, { hint: 'libvirt_host installs it' })
  if (answer.status !== 0)
    throw new ModuleFailure(`who needs ${path} is not known: ${answer.stderr.toString().trim().slice(0, 300)}`)
  const seen = parse(answer.stdout.toString())
  const bases = [...new Set(seen.flatMap((one) => one.bases))]
  const same = await sameFiles(host, path, bases)
  return {
    domains: namesOf(domains, new Set(seen.filter((one) => one.kind === 'same').map((one) => one.path))),
    overlays: [...new Set(seen.filter((one) => one.bases.some((base) => same.has(base))).map((one) => one.path))],
    unknown: [
      ...new Set([
        ...seen.filter((one) => one.kind === 'failed').map((one) => one.path),
        ...domains.flatMap((one) => one.unknown),
      ]),
    ],
  }
}

const namesOf = (domains: readonly DomainFiles[], files: ReadonlySet<string>): string[] =>
  domains.filter((one) => one.files.some((file) => files.has(file))).map((one) => one.name)

/** Prints of each file: same, info or failed; its path; what qemu-img says of it; each with a NUL behind it. */
const script = (
  path: string,
  files: readonly string[],
  folders: readonly string[],
): ShellText => sh`LC_ALL=C; export LC_ALL
command -v qemu-img >/dev/null 2>&1 || exit ${NO_TOOL}
look() {
  [ -f "$1" ] || [ -b "$1" ] || return 0
  if [ "$1" -ef ${path} ]; then printf 'same\\0%s\\0\\0' "$1"
  elif o=$(qemu-img info -U --output=json -- "$1" 2>/dev/null); then printf 'info\\0%s\\0%s\\0' "$1" "$o"
  elif [ -e "$1" ]; then printf 'failed\\0%s\\0\\0' "$1"; fi
}
for f in ${files}; do look "$f"; done
for d in ${folders}; do for f in "$d"/*; do look "$f"; done; done
exit 0`

interface Seen {
  readonly kind: string
  readonly path: string
  readonly bases: readonly string[]
}

function parse(output: string): Seen[] {
  const parts = output.split('\0')
  const seen: Seen[] = []
  for (let i = 0; i + 2 < parts.length; i += 3) {
    const [kind = '', path = '', text = ''] = parts.slice(i, i + 3)
    const bases = kind === 'info' ? basesIn(text, path) : []
    seen.push(bases ? { kind, path, bases } : { kind: 'failed', path, bases: [] })
  }
  return seen
}

/** Files of the host that an image says it is on top of, absolute; undefined where what qemu-img said is not understood. */
export function basesIn(text: string, path: string): string[] | undefined {
  let info: unknown
  try {
    info = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof info !== 'object' || info === null) return undefined
  const names = ['full-backing-filename', 'backing-filename']
    .map((key) => (info as Record<string, unknown>)[key])
    .filter((name): name is string => typeof name === 'string')
  return [...new Set(names.flatMap((name) => filesNamed(name, path)))]
}

/** A path, or the paths in QEMU's pseudo-protocol json:{…}. */
function filesNamed(name: string, path: string): string[] {
  const plain = name.replace(/^file:/, '')
  if (!plain.startsWith('json:')) return [resolve(dirname(path), plain)]
  return [...plain.matchAll(/"(?:file\.)?filename":\s*"((?:[^"\\]|\\.)*)"/g)].flatMap((match) => {
    try {
      return [resolve(dirname(path), JSON.parse(`"${match[1] ?? ''}"`) as string)]
    } catch {
      return []
    }
  })
}

/** Which of these names lead to the image. */
async function sameFiles(host: Reader, path: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set()
  const answer = await host.read(sh`for f in ${names}; do if [ "$f" -ef ${path} ]; then echo y; else echo n; fi; done`)
  const letters = answer.stdout.toString().split('\n')
  return new Set(names.filter((name, i) => name === path || letters[i] === 'y'))
}
