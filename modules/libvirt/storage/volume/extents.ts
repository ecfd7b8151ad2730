import { sh } from '../../../../core/connection/quote.ts'
import type { Reader } from '../../../../core/module/types.ts'

/**
 * Numbers of the pieces of a file or device that have data in them, as qemu-img sees its holes; all where that cannot be told.
 * The file is taken for raw, whatever is in it.
 */
export async function chunksOf(host: Reader, path: string, size: number, length: number): Promise<number[]> {
  const answer = await host.read(sh`qemu-img map -U -f raw --output=json -- ${path} 2>/dev/null`)
  const count = Math.ceil(size / length)
  const used = answer.status === 0 ? usedChunks(answer.stdout.toString(), count, length) : undefined
  return used ?? Array.from({ length: count }, (_, i) => i)
}

/** Pure; undefined where the map is not understood, or has a gap: nobody knows what is there. */
export function usedChunks(json: string, count: number, length: number): number[] | undefined {
  let map: unknown
  try {
    map = JSON.parse(json)
  } catch {
    return undefined
  }
  if (!Array.isArray(map)) return undefined
  const used = new Set<number>()
  let end = 0
  for (const one of map as unknown[]) {
    const { start, length: bytes, data, zero } = (one ?? {}) as Record<string, unknown>
    if (start !== end || typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes <= 0) return undefined
    end += bytes
    if (data !== true && zero === true) continue
    const last = Math.min(Math.ceil(end / length), count)
    for (let i = Math.floor((start as number) / length); i < last; i++) used.add(i)
  }
  // The last piece may be longer than what the map is of: raw images count in sectors.
  return end < (count - 1) * length + 1 && count > 0 ? undefined : [...used].sort((a, b) => a - b)
}
