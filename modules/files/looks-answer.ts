import type { CommandResult } from '../../core/connection/types.ts'
import { ModuleFailure } from '../../core/module/types.ts'
import { permissionDenied, takeEntry } from './entry.ts'
import type { Details, Seen, WantedLook } from './looks.ts'
import { parseDetails } from './looks-details.ts'
import { parseLinks } from './looks-links.ts'
import { MARK } from './looks-script.ts'

/** What looksScript printed, for each path. Raises ModuleFailure where it broke off. */
export function parseLooks(answer: CommandResult, looks: readonly WantedLook[]): (Seen | ModuleFailure)[] {
  if (answer.status !== 0) {
    const first = looks[0]?.path ?? ''
    const what = looks.length > 1 ? `${first} and ${looks.length - 1} more` : first
    throw new ModuleFailure(`cannot look at ${what}: ${answer.stderr.toString().trim()}`)
  }
  const parts = partsOf(answer.stdout)
  const kinds = (parts.get('') ?? Buffer.alloc(0)).toString().match(/i?[fendl]/g) ?? []
  const { entries, targets } = parseLinks(parts, looks)
  const digests = (parts.get('digests')?.toString().split('\n') ?? [])
    .map((line) => /^\\?([0-9a-f]{64})\b/.exec(line)?.[1])
    .filter((sum) => sum !== undefined)
  // Those of links are behind all others.
  const found = looks.map((_, i) => (kinds[i] === 'l' ? undefined : takeEntry(entries, looks[i]!.path)))
  const links = new Map(Array.from(targets, ([look, target]) => [look, { ...takeEntry(entries, look.path), target }]))
  let number = 0
  return looks.map((look, i): Seen | ModuleFailure => {
    const kind = kinds[i] ?? ''
    const link = links.get(look)
    const path = kind.startsWith('i') ? `${look.path.replace(/\/$/, '')}/${look.into}` : look.path
    const details = detailsOf(parts, i)
    const changed = new ModuleFailure(`${path} changed while it was looked at`)
    const isLink = link?.kind === 'link'
    if (kind === 'l')
      return isLink ? { path, device: link.device, link, entry: undefined, content: undefined, details } : changed
    // What was printed of this one is taken in any case: what is behind it belongs to others.
    const content = parts.get(String(++number))
    const isDigested = look.content !== undefined && look.content !== 'text' && kind.endsWith('f')
    const digest = isDigested ? digests.shift() : undefined
    const entry = found[i]
    if (!entry) return new ModuleFailure(`cannot understand a look at ${path}`)
    if (entry.kind === 'link' || (link && !isLink)) return changed
    if (kind.endsWith('d')) return permissionDenied(path)
    const common = { path, device: entry.device, link, content, details }
    if (kind.endsWith('n')) return { ...common, entry: undefined }
    return { ...common, entry: digest === undefined ? entry : { ...entry, digest } }
  })
}

function detailsOf(parts: ReadonlyMap<string, Buffer>, i: number): Details | undefined {
  const part = parts.get(`details ${i + 1}`)
  return part && parseDetails(part)
}

/** By their words; what comes first has none. */
function partsOf(output: Buffer): Map<string, Buffer> {
  const parts = new Map<string, Buffer>()
  const start = output.indexOf('\n') + 1
  const mark = output.subarray(0, Math.max(0, start - 1)).toString()
  if (!mark.startsWith(MARK)) throw new ModuleFailure(`cannot understand a look: ${mark.slice(0, 80)}`)
  const line = Buffer.from(`${mark} `)
  for (let name = '', from = start; ; ) {
    const at = output.indexOf(line, from)
    parts.set(name, output.subarray(from, at < 0 ? undefined : at))
    if (at < 0) return parts
    from = output.indexOf('\n', at) + 1
    name = output.subarray(at + line.length, from - 1).toString()
  }
}
