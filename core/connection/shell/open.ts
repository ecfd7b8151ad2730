import { randomBytes } from 'node:crypto'
import { Duplex, PassThrough } from 'node:stream'
import { ConnectionError } from '../errors.ts'
import { quote, type ShellText } from '../quote.ts'
import type { Channel } from '../types.ts'
import type { Started } from './start.ts'

interface OpenOptions {
  readonly host: string
  readonly signal?: AbortSignal | undefined
}

/** Gives a started shell's channel to one command: its stdin and stdout are the channel's, and its status the channel's. */
export function openCommand(started: Started, script: ShellText, options: OpenOptions): Promise<Channel> {
  return attach(started, `trap - EXIT HUP PIPE TERM; eval ${quote(`( ${script.text}\n)`)}`, options)
}

/**
 * Nothing is sent behind the line before the command says that it is there (a shell may read ahead); what comes before is
 * noise of the login.
 */
async function attach({ greeting, merged }: Started, text: string, { host, signal }: OpenOptions): Promise<Channel> {
  const { channel } = greeting
  const nonce = randomBytes(12).toString('hex')
  const early: Buffer[] = []
  const errors = new PassThrough()
  let stream: Duplex | undefined
  const push = (bytes: Buffer): void => {
    if (!stream) early.push(Buffer.from(bytes))
    else if (!stream.push(Buffer.from(bytes))) channel.stdout.pause()
  }
  const pushError = (bytes: Buffer): void => {
    if (errors.write(Buffer.from(bytes))) return
    channel.stderr.pause()
    errors.once('drain', () => channel.stderr.resume())
  }
  greeting.expect(nonce)
  const there = new Promise<void>((resolve, reject) => {
    let due = merged ? 1 : 2
    for (const [reader, data] of [
      [greeting.stdout, push],
      [greeting.stderr, pushError],
    ] as const) {
      reader.sink = {
        data: (bytes) => greeting.heard(bytes.toString('utf8')),
        mark: () => {
          // No mark follows: every byte is the command's from here.
          reader.sink = { data, mark: () => undefined }
          reader.raw()
          if (--due === 0) resolve()
        },
      }
    }
    const gone = new ConnectionError('lost', host, 'the channel ended before its command began')
    void channel.exit.then(() => reject(gone))
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  greeting.send(`N=${nonce}; vf_m O; ${text}; exit $?\n`)
  try {
    await there
  } catch (error) {
    channel.close()
    throw error
  }
  stream = new Duplex({
    read: () => channel.stdout.resume(),
    write: (chunk, _encoding, done) => {
      if (channel.stdin.write(chunk)) done()
      else channel.stdin.once('drain', done)
    },
    final: (done) => {
      channel.stdin.end()
      done()
    },
    destroy: (error, done) => {
      channel.close()
      done(error)
    },
  })
  stream.on('error', () => undefined)
  for (const bytes of early) stream.push(bytes)
  const opened = stream
  const exit = channel.exit.then(({ status }) => {
    opened.push(null)
    errors.end()
    if (status === undefined) {
      throw new ConnectionError('lost', host, 'the channel was lost before its command ended; the command may have run')
    }
    return { status }
  })
  exit.catch(() => undefined)
  signal?.addEventListener('abort', () => opened.destroy(signal.reason as Error), { once: true })
  const resize = channel.resize && { resize: channel.resize.bind(channel) }
  return { stream: opened, stderr: errors, exit, ...resize, close: () => opened.destroy() }
}
