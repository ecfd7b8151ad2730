import { constants } from 'node:os'
import { Readable } from 'node:stream'
import type { ClientChannel } from 'ssh2'
import type { ByteChannel, ChannelExit } from '../transport.ts'

/** ssh2's channel as three streams and an exit. `refuse` ends it because the server would not start its command. */
export function byteChannel(channel: ClientChannel, merged: boolean): ByteChannel & { refuse(reason: string): void } {
  let status: number | undefined
  let refused: string | undefined
  channel.on('error', () => undefined)
  channel.stderr.on('error', () => undefined)
  channel.on('exit', (code: number | null, signal?: string) => {
    const name = `SIG${signal ?? ''}` as NodeJS.Signals
    status = code ?? 128 + (constants.signals[name] ?? 0)
  })
  const exit = new Promise<ChannelExit>((resolve) => {
    channel.once('close', () => resolve({ status, ...(refused !== undefined && { refused }) }))
  })
  if (merged) channel.stderr.resume()
  const close = (): void => {
    channel.close()
    // What is not read any more must not keep the channel from closing.
    channel.resume()
    channel.stderr.resume()
  }
  return {
    stdin: channel,
    stdout: channel,
    stderr: merged ? Readable.from([]) : channel.stderr,
    exit,
    close,
    refuse: (reason) => {
      refused ??= reason
      close()
    },
  }
}
