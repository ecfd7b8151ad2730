import type { CommandResult } from '../../core/connection/types.ts'
import { ModuleFailure } from '../../core/module/types.ts'
import { type Entry, permissionDenied, takeEntry } from './entry.ts'
import type { Seen, WantedLook } from './looks.ts'
import { parseDetails } from './looks-details.ts'
import { MARK } from './looks-script.ts'

/** What looksScript printed, for each path. Raises ModuleFailure where it broke off. */
export function parseLooks(answer: CommandResult, looks: readonly WantedLook[]): (Seen | ModuleFailure)[] {
  if (answer.status !== 0) {
    const first = looks[0]?.path ?? ''
    const what = looks.length > 1 ? `${first} and ${looks.length - 1} more` : first
    throw new ModuleFailure(`cannot look at ${what}: ${answer.stderr.toString().trim()}`)
  }
  const parts = partsOf(answer.stdout)
  const [letters = '', ...entries] = (parts.get('') ?? Buffer.alloc(0)).toString().split('\n')
  const kinds = letters.match(/i?[fend]/g) ?? []
  const digests = (parts.get('digests')?.toString().split('\n') ?? [])
    .map((line) => /^\\?([0-9a-f]{64})\b/.exec(line)?.[1])
    .filter((sum) => sum !== undefined)
  const links = linksOf(parts.get('links'), looks)
  return looks.map((look, i): Seen | ModuleFailure => {
    const kind = kinds[i] ?? ''
    const path = kind.startsWith('i') ? `${look.path.replace(/\/$/, '')}/${look.into}` : look.path
    const found = takeEntry(entries, path)
    if (kind.endsWith('d')) return permissionDenied(path)
    const { device } = found
    const details = parts.get(`details ${i + 1}`)
    const common = {
      path,
      device,
      link: links.get(look),
      content: parts.get(String(i + 1)),
      details: details && parseDetails(details),
    }
    if (kind.endsWith('n')) return { ...common, entry: undefined }
    const declared = look.content !== undefined && look.content !== 'text' && kind.endsWith('f')
    const digest = declared ? digests.shift() : undefined
    return { ...common, entry: digest === undefined ? found : { ...found, digest } }
  })
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

function linksOf(part: Buffer | undefined, looks: readonly WantedLook[]): Map<WantedLook, Entry> {
  const links = new Map<WantedLook, Entry>()
  if (!part) return links
  const [letters = '', ...rest] = part.toString().split('\n')
  const found = looks.filter((look) => look.link).filter((_, i) => letters[i] === 'l')
  const entries = found.map(({ path }) => takeEntry(rest, path))
  const targets = rest.join('\n').split('\n\0')
  for (const [i, look] of found.entries()) links.set(look, { ...entries[i]!, target: targets[i] ?? '' })
  return links
}
