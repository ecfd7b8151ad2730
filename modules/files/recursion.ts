import { sh } from '../../core/connection/quote.ts'
import type { Change, Reader } from '../../core/module/types.ts'
import type { Attributes } from './attributes.ts'
import { applyMode } from './mode.ts'

/** What below a directory has other attributes than declared. */
export interface RecursionState {
  readonly count: number
  readonly sample: readonly string[]
}

const SAMPLE = 5

/** Looks at everything below a directory. Links keep their own mode. */
export async function probeRecursion(host: Reader, path: string, wanted: Attributes): Promise<RecursionState> {
  // mode, user, group by name and number, then the name; a name with a line break only spoils its own line.
  const listing = await host.read(
    sh`[ -d ${path} ] || exit 0; find ${path} -mindepth 1 -exec stat -c '%f/%U/%u/%G/%g/%n' {} +`,
    { maxOutput: 64 * 1024 * 1024 },
  )
  const different: string[] = []
  let count = 0
  for (const line of listing.stdout.toString().split('\n')) {
    const match = /^([0-9a-f]+)\/([^/]*)\/(\d+)\/([^/]*)\/(\d+)\/(.*)$/.exec(line)
    if (!match || !differs(match, wanted)) continue
    count++
    if (different.length < SAMPLE) different.push(match[6]!)
  }
  return { count, sample: different }
}

function differs(match: RegExpExecArray, wanted: Attributes): boolean {
  const [, hex, user, uid, group, gid] = match
  const bits = Number.parseInt(hex!, 16)
  if (wanted.owner !== undefined && wanted.owner !== user && wanted.owner !== uid) return true
  if (wanted.group !== undefined && wanted.group !== group && wanted.group !== gid) return true
  if (wanted.mode === undefined || bits >> 12 === 0o12) return false
  return applyMode(wanted.mode, bits & 0o7777, bits >> 12 === 0o04) !== (bits & 0o7777)
}

export function diffRecursion({ count, sample }: RecursionState): Change[] {
  if (count === 0) return []
  return [{ path: 'attributes below', before: [...sample], after: `${count} entries as declared`, effect: 'now' }]
}
