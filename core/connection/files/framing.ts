import type { LargeFile } from './large-file.ts'
import type { Run } from './runs.ts'

/**
 * Runs of a file as receiveScript reads them: a line with offset and length before each one, and a last line, without which the
 * host knows that it was cut. `onSent` is told how many bytes of the runs have been asked for.
 */
export async function* framed(
  file: LargeFile,
  runs: readonly Run[],
  onSent: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for (const { offset, length } of runs) {
    yield Buffer.from(`${offset} ${length}\n`)
    for await (const piece of file.read(offset, length)) {
      yield piece
      onSent(piece.length)
    }
  }
  yield Buffer.from('end\n')
}

/** All bytes of the runs, for a host that can only append. */
export async function* plain(
  file: LargeFile,
  runs: readonly Run[],
  onSent: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for (const { offset, length } of runs) {
    for await (const piece of file.read(offset, length)) {
      yield piece
      onSent(piece.length)
    }
  }
}
