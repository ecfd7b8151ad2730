import { randomBytes } from 'node:crypto'
import { Duplex, PassThrough } from 'node:stream'
import { ConnectionError } from '../errors.ts'
import { quote, type ShellText } from '../quote.ts'
import type { Channel } from '../types.ts'
import type { Started } from './start.ts'

/**
 * Gives a started shell's channel to one command: its stdin and stdout are the channel's, and its status the channel's. Nothing is
 * sent behind the line before the command says that it is there (a shell may read ahead).
 */
export async function openCommand(
  started: Started,
  script: ShellText,
  host: string,
  signal?: AbortSignal,
): Promise<Channel> {
  const { greeting, merged } = started
  const { channel } = greeting
  const nonce = randomBytes(12).toString('hex')
  const early: Buffer[] = []
  const errors = new PassThrough()
  let stream: Duplex | undefined
  const push = (bytes: Buffer): void => {
    if (!stream) early.push(Buffer.from(bytes))
    else if (!stream.push(Buffer.from(bytes))) channel.stdout.pause()
  }
  greeting.expect(nonce)
  const there = new Promise<void>((resolve, reject) => {
    let due = merged ? 1 : 2
    const arrived = (): void => {
      if (--due === 0) resolve()
    }
    greeting.stdout.sink = { data: push, mark: arrived }
    greeting.stderr.sink = {
      data: (bytes) => {
        if (!errors.write(Buffer.from(bytes))) {
          channel.stderr.pause()
          errors.once('drain', () => channel.stderr.resume())
        }
      },
      mark: arrived,
    }
    void channel.exit.then(() =>
      reject(new ConnectionError('lost', host, 'the channel ended before its command began')),
    )
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  greeting.send(`N=${nonce}; vf_m O; trap - EXIT HUP PIPE TERM; eval ${quote(`( ${script.text}\n)`)}; exit $?\n`)
  try {
    await there
  } catch (error) {
    channel.close()
    throw error
  }
  // No mark follows: every byte is the command's from here.
  greeting.stdout.raw()
  greeting.stderr.raw()
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
  return { stream: opened, stderr: errors, exit, close: () => opened.destroy() }
}
