import type { Terminal } from '../report/index.ts'

/** Where a verb writes. Results go to stdout, everything else to stderr. */
export interface Streams {
  readonly out: NodeJS.WriteStream
  readonly err: NodeJS.WriteStream
  readonly in: NodeJS.ReadStream
}

export const processStreams: Streams = {
  out: process.stdout,
  err: process.stderr,
  // Opened where somebody is asked: most runs read nothing, and a stream that reads takes some milliseconds to load.
  get in() {
    return process.stdin
  },
}

const DEFAULT_COLUMNS = 100
const DEFAULT_ROWS = 24

export function terminalOf(stream: NodeJS.WriteStream): Terminal {
  return {
    write: (text) => void stream.write(text),
    get columns() {
      return stream.columns ?? DEFAULT_COLUMNS
    },
    get rows() {
      return stream.rows ?? DEFAULT_ROWS
    },
  }
}

/** NO_COLOR and FORCE_COLOR as everywhere; else colours where somebody looks. */
export function wantsColour(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0') return true
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** A reader that goes away (`| head`) is no error of ours. */
export function ignoreBrokenPipes(streams: Streams): void {
  for (const stream of [streams.out, streams.err]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}
