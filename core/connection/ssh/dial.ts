import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { proxyCommandStream } from '../config/proxy-command.ts'
import type { ResolvedEndpoint } from '../config/resolved.ts'
import { failureOf } from './failure.ts'

/** A byte stream to the server: TCP, or the ProxyCommand's. Nagle is off. */
export async function dial(name: string, resolved: ResolvedEndpoint, signal?: AbortSignal): Promise<Duplex> {
  signal?.throwIfAborted()
  if (resolved.proxyCommand !== undefined) {
    let said = ''
    const stream = proxyCommandStream(resolved.proxyCommand, (line) => {
      said = line
      // ssh2 only sees the end of it; what the command said is the reason.
      if (/^ProxyCommand ended/.test(line)) stream.destroy(new Error(said))
    })
    return stream
  }
  const where = `${resolved.host}:${resolved.port}`
  return new Promise<Socket>((resolve, reject) => {
    const socket = connect({
      host: resolved.host,
      port: resolved.port,
      ...(resolved.bindAddress !== undefined && { localAddress: resolved.bindAddress }),
      noDelay: true,
    })
    // Whoever takes the stream listens a little later; an error that nobody hears would end the process.
    socket.on('error', () => undefined)
    const stop = (error: unknown): void => {
      done()
      socket.destroy()
      reject(error)
    }
    const aborted = (): void => stop(signal?.reason)
    const limit = setTimeout(
      () => stop(failureOf(name, where, new Error(`timed out: no answer in ${resolved.connectTimeoutMs / 1000} s`))),
      resolved.connectTimeoutMs,
    )
    const failed = (error: Error): void => stop(failureOf(name, where, error))
    const done = (): void => {
      clearTimeout(limit)
      signal?.removeEventListener('abort', aborted)
      socket.removeListener('error', failed)
    }
    signal?.addEventListener('abort', aborted, { once: true })
    socket.once('error', failed)
    socket.once('connect', () => {
      done()
      resolve(socket)
    })
  })
}
