import { sh } from '../../../core/connection/quote.ts'
import type { DomainState } from '../../../core/libvirt/types.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { ask } from '../daemon/ask.ts'
import { isShared } from '../file-systems.ts'

/** A machine as its definition has it. */
export interface LintDomain {
  readonly model: DomainModel
  readonly state: DomainState
}

/** One file of a disk's chain, as qemu-img tells it. */
export interface LintImage {
  readonly path: string
  readonly format: string
  readonly backing: string | undefined
  readonly backingFormat: string | undefined
}

/** One hypervisor. */
export interface LintHost {
  readonly domains: readonly LintDomain[]
  readonly images: readonly LintImage[]
  /** Hosts with the same text see the same file. */
  readonly storage: ReadonlyMap<string, string>
  /** Why its machines are not known; undefined where they are. A host without libvirt has none. */
  readonly silent: string | undefined
}

/** Bytes of one host's answers that are read: of what comes after, nothing is told. */
const MOST_OUTPUT = 64 * 1024 * 1024

/** Definitions, then the images they name with all that is below them. */
export async function probeLint(host: Reader): Promise<LintHost> {
  const answer = await ask(host, async (libvirt) => {
    const domains = await libvirt.domains()
    const xmls = await Promise.all(domains.map((d) => libvirt.domainXml(d.name, { inactive: true })))
    return domains.flatMap(({ state }, i): LintDomain[] => {
      const xml = xmls[i]
      return xml === undefined ? [] : [{ state, model: readDomain(parseXml(xml)) }]
    })
  })
  if (answer.kind !== 'answer') {
    const silent = answer.kind === 'silent' ? `libvirt does not answer: ${answer.reason}` : undefined
    return { domains: [], images: [], storage: new Map(), silent }
  }
  const paths = [...new Set(answer.value.flatMap(({ model }) => fileDisks(model)))]
  const { images, storage } = await readImages(host, paths)
  return { domains: answer.value, images, storage, silent: undefined }
}

const fileDisks = (model: DomainModel): string[] =>
  model.disks.flatMap(({ type, source, device }) =>
    source?.startsWith('/') && type !== 'volume' && device === 'disk' ? [source] : [],
  )

async function readImages(
  host: Reader,
  paths: readonly string[],
): Promise<{ images: LintImage[]; storage: Map<string, string> }> {
  if (paths.length === 0) return { images: [], storage: new Map() }
  const script = sh`LC_ALL=C; export LC_ALL
for p in ${paths}; do
  printf 'path %s\\0' "$p"
  printf 'mount %s\\0' "$(findmnt -no FSTYPE,SOURCE -T "$p" 2>/dev/null | tail -n 1)"
  [ ! -f "$p" ] || printf 'info %s\\0' "$(qemu-img info -U --backing-chain --output=json -- "$p" 2>/dev/null)"
done`
  const answer = await host.read(script, { maxOutput: MOST_OUTPUT })
  const images = new Map<string, LintImage>()
  const storage = new Map<string, string>()
  let path = ''
  for (const part of answer.stdout.toString().split('\0')) {
    const [word, text] = [part.slice(0, part.indexOf(' ')), part.slice(part.indexOf(' ') + 1)]
    if (word === 'path') path = text
    else if (word === 'mount')
      storage.set(path, isShared(text.split(' ')[0] ?? '') ? text.trim() : `local ${host.name}`)
    else if (word === 'info') for (const image of chainOf(text)) images.set(image.path, image)
  }
  return { images: [...images.values()], storage }
}

/** qemu-img's JSON is data of the host's: what is not as it should be is left out. */
function chainOf(text: string): LintImage[] {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return []
  }
  return (Array.isArray(list) ? list : []).flatMap((one: Record<string, unknown>) => {
    const { filename, format } = one
    if (typeof filename !== 'string' || typeof format !== 'string') return []
    const backing = one['full-backing-filename'] ?? one['backing-filename']
    const backingFormat = one['backing-filename-format']
    return [
      {
        path: filename,
        format,
        backing: typeof backing === 'string' ? backing : undefined,
        backingFormat: typeof backingFormat === 'string' ? backingFormat : undefined,
      },
    ]
  })
}
