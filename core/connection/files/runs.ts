/** Holes are seen in blocks of this many bytes; the host writes in such blocks too. */
export const BLOCK = 64 * 1024
/** A shorter hole is sent as zeros: a run costs the host a process, about as long as so much data takes on a fast link. */
export const LEAST_GAP = 1024 * 1024

/** A part of a file that is sent; what lies between runs is zeros. In bytes. */
export interface Run {
  readonly offset: number
  readonly length: number
  /** What is in blocks that are not all zeros: what it takes on a disk, at most. */
  readonly data: number
}

/** Makes runs of a file's blocks, in their order. */
export class RunPlanner {
  readonly #runs: { offset: number; length: number; data: number }[] = []
  #position = 0

  /** The next bytes: all zeros, or not. */
  add(length: number, zeros: boolean): void {
    const offset = this.#position
    this.#position += length
    if (zeros) return
    const last = this.#runs.at(-1)
    if (!last || offset - (last.offset + last.length) >= LEAST_GAP) this.#runs.push({ offset, length, data: length })
    else {
      last.length = this.#position - last.offset
      last.data += length
    }
  }

  get runs(): readonly Run[] {
    return this.#runs
  }
}

/** What of the runs lies at or behind an offset. */
export function runsFrom(runs: readonly Run[], offset: number): Run[] {
  return runs.flatMap((run) => {
    const skipped = Math.max(0, offset - run.offset)
    if (skipped >= run.length) return []
    const length = run.length - skipped
    return [{ offset: run.offset + skipped, length, data: Math.min(run.data, length) }]
  })
}

/** The runs up to so many bytes of theirs, and the offset in the file at which the rest begins. */
export function firstRuns(runs: readonly Run[], bytes: number): { first: Run[]; rest: number } {
  const first: Run[] = []
  let left = bytes
  for (const run of runs) {
    if (left <= 0) return { first, rest: run.offset }
    const length = Math.min(run.length, left)
    first.push({ offset: run.offset, length, data: Math.min(run.data, length) })
    left -= length
    if (length < run.length) return { first, rest: run.offset + length }
  }
  const last = first.at(-1)
  return { first, rest: last ? last.offset + last.length : 0 }
}

export const lengthOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.length, 0)
export const dataOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + run.data, 0)
