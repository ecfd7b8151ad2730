import type { Channel, TerminalSize } from '../../connection/index.ts'
import type { Streams } from '../streams.ts'

/** Ctrl-]: what ends a session, as in virsh and telnet. */
const ESCAPE = 0x1d
/** For the other side to end by itself after the escape, which it knows too. */
const FAREWELL_MS = 1500

export function sizeOf({ out }: Streams): TerminalSize {
  return { columns: out.columns || 80, rows: out.rows || 24 }
}

/**
 * Joins this terminal, raw, with a channel until that ends or Ctrl-] is typed; answers with the command's status, 0 after
 * the escape. The terminal is as before afterwards, whatever ends the program. Raises ConnectionError.
 */
export async function joinTerminal(channel: Channel, streams: Streams): Promise<number> {
  const { in: input, out } = streams
  let left = false
  const onInput = (bytes: Buffer): void => {
    const at = bytes.indexOf(ESCAPE)
    if (left) return
    if (at < 0) {
      if (!channel.stream.write(bytes)) pause()
      return
    }
    leave(bytes.subarray(0, at + 1))
  }
  const leave = (last: Uint8Array): void => {
    left = true
    channel.stream.write(last)
    setTimeout(() => channel.close(), FAREWELL_MS).unref()
  }
  const pause = (): void => {
    input.pause()
    channel.stream.once('drain', () => void input.resume())
  }
  const onResize = (): void => channel.resize?.(sizeOf(streams))
  const restore = (): void => void input.setRawMode?.(false)
  const onSignal = (): void => leave(Buffer.from([ESCAPE]))

  input.setRawMode?.(true)
  process.once('exit', restore)
  for (const name of SIGNALS) process.once(name, onSignal)
  out.on('resize', onResize)
  input.on('data', onInput)
  channel.stream.on('data', (bytes: Buffer) => {
    if (out.write(bytes)) return
    channel.stream.pause()
    out.once('drain', () => void channel.stream.resume())
  })
  input.resume()
  try {
    const { status } = await channel.exit
    return left ? 0 : status
  } catch (error) {
    if (left) return 0
    throw error
  } finally {
    input.removeListener('data', onInput)
    input.pause()
    out.removeListener('resize', onResize)
    for (const name of SIGNALS) process.removeListener(name, onSignal)
    process.removeListener('exit', restore)
    restore()
    channel.close()
  }
}

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const
