import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { ConnectionError } from '../errors.ts'
import type { Become, Connection } from '../types.ts'
import { rateText } from './amounts.ts'
import { compressionPays, LEVEL } from './compression.ts'
import { FileError, saidBy } from './errors.ts'
import { framed, plain } from './framing.ts'
import type { LargeFile } from './large-file.ts'
import { type Beginning, CUT, receiveScript } from './partial.ts'
import type { UploadProgress } from './progress.ts'
import { firstRuns, lengthOf, type Run, runsFrom } from './runs.ts'

/** Sent as it is to see how fast the link is: more than what a window of SSH takes at once. */
const TRIAL = 4 * 1024 * 1024
/** Less is sent as it is. */
const WORTH_A_TRIAL = 4 * TRIAL
/** What shrinks less than this is not compressed on any link. */
const SHRINKS = 0.85
/** Bytes compressed in one go. */
const GZIP_CHUNK = 256 * 1024

/** What is sent, where to, and how far it is. */
export interface Sending {
  readonly connection: Connection
  readonly become: Become | undefined
  readonly file: LargeFile
  readonly path: string
  readonly begun: Beginning
  readonly progress: UploadProgress
  readonly signal: AbortSignal | undefined
}

/**
 * Sends a file from an offset on, compressed if the link is slow enough for that. Answers how many bytes went over the line. Raises
 * FileError, ConnectionError, the signal's reason.
 */
export async function sendFrom(sending: Sending, offset: number): Promise<number> {
  const { file, begun, progress } = sending
  if (!begun.seeks) return send(sending, [{ offset, length: file.size - offset, data: 0 }], false)
  const runs = runsFrom(file.runs, offset)
  if (runs.length === 0) return 0
  if (!begun.gzip || sending.connection.endpoint.transport === 'local' || lengthOf(runs) < WORTH_A_TRIAL)
    return send(sending, runs, false)
  const sample = await file.sample()
  if (sample.ratio > SHRINKS) {
    progress.manner = ', not compressed: it hardly shrinks'
    return send(sending, runs, false)
  }
  const { first, rest } = firstRuns(runs, TRIAL)
  const sent = await send(sending, first, false)
  const link = progress.rate
  const pays = compressionPays(sample, link)
  progress.manner = pays
    ? `, compressed to about ${Math.round(sample.ratio * 100)} %: the link takes ${rateText(link)}`
    : `, not compressed: the link takes ${rateText(link)}`
  return sent + (await send(sending, runsFrom(runs, rest), pays))
}

async function send(sending: Sending, runs: readonly Run[], gzip: boolean): Promise<number> {
  const { connection, become, file, path, begun, progress, signal } = sending
  const offset = runs[0]?.offset ?? 0
  const script = receiveScript(path, file.sha256, { offset, seeks: begun.seeks, gzip })
  const channel = await connection.open(script, { ...(become && { become }), ...(signal && { signal }) })
  const said: Buffer[] = []
  channel.stderr.on('data', (bytes: Buffer) => {
    if (said.length < 64) said.push(bytes)
  })
  const saidAll = new Promise((resolve) => channel.stderr.once('close', resolve))
  channel.stream.resume()
  let sent = 0
  let unreadable: Error | undefined
  async function* input(): AsyncGenerator<Buffer> {
    try {
      yield* (begun.seeks ? framed : plain)(file, runs, (bytes) => progress.moved(bytes))
    } catch (error) {
      unreadable = error as Error
      throw error
    }
  }
  async function* counted(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      sent += piece.length
      yield piece
    }
  }
  progress.begin()
  const source = Readable.from(input(), { objectMode: false, highWaterMark: GZIP_CHUNK })
  const piped = (
    gzip
      ? pipeline(source, createGzip({ level: LEVEL, chunkSize: GZIP_CHUNK }), counted, channel.stream)
      : pipeline(source, counted, channel.stream)
  ).catch(() => channel.close())
  let abort!: () => void
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal?.reason as Error)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
  })
  try {
    const { status } = await Promise.race([channel.exit, aborted])
    if (status === 0) return sent
    if (status === CUT) throw new ConnectionError('lost', connection.endpoint.name, 'the channel ended early')
    await saidAll
    throw new FileError(path, `${path} was not replaced: ${saidBy(Buffer.concat(said))}`)
  } catch (error) {
    signal?.throwIfAborted()
    if (unreadable) throw new FileError(path, `${path} was not replaced: ${unreadable.message}; what arrived is kept`)
    if (!(error instanceof ConnectionError)) throw error
    const kept = `${Math.floor(progress.percent)} % of ${path} were sent; the next upload goes on from there`
    throw new ConnectionError(error.failure, error.host, `${error.message}; ${kept}`, error.hint, error)
  } finally {
    signal?.removeEventListener('abort', abort)
    // Nobody reads any more: what is still on its way to the channel would wait forever.
    channel.close()
    source.destroy()
    await piped
  }
}
