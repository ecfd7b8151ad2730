import { createServer, connect as dial, type Socket } from 'node:net'

/** A way to a TCP port that can be cut. */
export interface Proxy {
  readonly port: number
  /** Ends all connections without a word to either side's program, and takes no more. */
  cut(): Promise<void>
}

/** Listens on loopback and passes bytes on. */
export async function openProxy(host: string, port: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = dial(port, host)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => undefined)
      from.on('close', () => to.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    cut: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
