import { createServer, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { Connection } from '../connection/index.ts'
import type { Display } from './display.ts'
import { FleetError } from './errors.ts'

/** A port of this machine that leads to a display. */
export interface Tunnel {
  readonly port: number
  close(): void
}

export interface TunnelOptions {
  /** Tried in this order; 0: the system chooses. */
  readonly ports: readonly number[]
  /** A client's way to the host failed. */
  readonly onError: (error: Error) => void
}

/** Listens on 127.0.0.1 and leads each client through the connection. Raises FleetError where no port is free. */
export async function openTunnel(
  connection: Connection,
  target: Display['at'],
  { ports, onError }: TunnelOptions,
): Promise<Tunnel> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    connection.forward(target).then(
      (remote) => {
        remote.on('error', () => undefined)
        // A client that ends closes its way, and the other way round.
        pipeline(socket, remote, socket, () => {
          socket.destroy()
          remote.destroy()
        })
      },
      (error: Error) => {
        socket.destroy()
        onError(error)
      },
    )
  })
  const port = await listen(server, ports)
  return {
    port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function listen(server: Server, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    const bound = await tryPort(server, port)
    if (bound !== undefined) return bound
  }
  throw new FleetError('refused', `port ${ports.join(', ')} of 127.0.0.1 is not free`, { hint: 'leave --port out' })
}

function tryPort(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.removeListener('listening', listening)
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    }
    const listening = (): void => {
      server.removeListener('error', failed)
      const address = server.address()
      resolve(typeof address === 'object' ? address?.port : undefined)
    }
    server.once('error', failed)
    server.once('listening', listening)
    server.listen({ host: '127.0.0.1', port, exclusive: true })
  })
}
