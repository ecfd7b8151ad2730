import { constants } from 'node:os'
import { Readable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import type { ByteChannel } from '../transport.ts'

/** ssh2's channel as three streams and an exit. */
export function byteChannel(channel: ClientChannel, merged: boolean): ByteChannel {
  let status: number | undefined
  channel.on('error', () => undefined)
  channel.stderr.on('error', () => undefined)
  channel.on('exit', (code: number | null, signal?: string) => {
    const name = `SIG${signal ?? ''}` as NodeJS.Signals
    status = code ?? 128 + (constants.signals[name] ?? 0)
  })
  const exit = new Promise<{ status: number | undefined }>((resolve) => {
    channel.once('close', () => resolve({ status }))
  })
  if (merged) channel.stderr.resume()
  return {
    stdin: channel,
    stdout: channel,
    stderr: merged ? Readable.from([]) : channel.stderr,
    exit,
    close() {
      channel.close()
      // What is not read any more must not keep the channel from closing.
      channel.resume()
      channel.stderr.resume()
    },
  }
}
