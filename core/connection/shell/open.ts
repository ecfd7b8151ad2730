import { randomBytes } from 'node:crypto'
import { Duplex, PassThrough } from 'node:stream'
import { ConnectionError } from '../errors.ts'
import { quote, type ShellText } from '../quote.ts'
import type { ChannelExit } from '../transport.ts'
import type { Channel } from '../types.ts'
import type { Greeting } from './greeting.ts'
import { marking } from './prelude/marks.ts'
import type { Reached, Started } from './start.ts'

interface OpenOptions {
  readonly host: string
  readonly signal?: AbortSignal | undefined
}

/** Gives a started shell's channel to one command: its stdin and stdout are the channel's, and its status the channel's. */
export function openCommand(started: Started, script: ShellText, options: OpenOptions): Promise<Channel> {
  const { host } = options
  const ended = (): ConnectionError => new ConnectionError('lost', host, 'the channel ended before its command began')
  const text = `trap - EXIT HUP PIPE TERM; eval ${quote(`( ${script.text}\n)`)}`
  return attach(started, text, ended, options)
}

/** The same in a shell that was told nothing yet, and is given the script with its first line: it is the shell itself that runs it. */
export function openEarly(reached: Reached, script: ShellText, options: OpenOptions): Promise<Channel> {
  const text = `eval ${quote(script.text)}`
  const prepared = { ...reached, preface: marking(reached.merged) }
  return attach(prepared, text, (end) => reached.noShell(end), options)
}

/**
 * Nothing is sent behind the line before the command says that it is there (a shell may read ahead); what comes before is
 * noise of the login.
 */
async function attach(
  to: { greeting: Greeting; merged: boolean; preface?: string },
  text: string,
  notBegun: (end: ChannelExit) => ConnectionError,
  { host, signal }: OpenOptions,
): Promise<Channel> {
  const { greeting, merged, preface = '' } = to
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
    void channel.exit.then((end) => reject(notBegun(end)))
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  greeting.send(`${preface}\nN=${nonce}; vf_m O; ${text}; exit $?\n`)
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
