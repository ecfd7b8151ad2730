import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { userInfo } from 'node:os'
import { ConnectionError } from '../errors.ts'
import type { ByteChannel, ChannelOptions, Transport } from '../transport.ts'
import type { ConnectionEnd, Endpoint } from '../types.ts'

/** The controller itself as a host: child processes instead of channels. */
export function localTransport(endpoint: Endpoint): Transport {
  const children = new Set<ByteChannel>()
  const sockets = new Set<Socket>()
  let settle!: (end: ConnectionEnd) => void
  const closed = new Promise<ConnectionEnd>((resolve) => {
    settle = resolve
  })
  const { username } = userInfo()
  return {
    description: `local, as ${username}`,
    user: username,
    closed,
    async openChannel(command, options) {
      const channel = startProcess(command, endpoint.name, options)
      children.add(channel)
      void channel.exit.then(() => children.delete(channel))
      return channel
    },
    forward: (target) =>
      new Promise((resolve, reject) => {
        const socket = 'socketPath' in target ? connect(target.socketPath) : connect(target.port, target.host)
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
        socket.once('connect', () => resolve(socket))
        socket.once('error', (e) => reject(new ConnectionError('refused', endpoint.name, `forwarding: ${e.message}`)))
      }),
    reconnectCheck: async () => undefined,
    async close() {
      for (const channel of children) channel.close()
      for (const socket of sockets) socket.destroy()
      settle({ expected: true, reason: 'closed' })
    },
  }
}

function startProcess(command: string, host: string, options: ChannelOptions = {}): ByteChannel {
  if (options.pty) {
    throw new ConnectionError(
      'unsupported',
      host,
      'the local transport has no terminal (for su, doas, requiretty, a console)',
      'use sudo, or the ssh transport to localhost',
    )
  }
  // A session of its own: a Ctrl-C at our terminal is ours to pass on.
  const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const exit = new Promise<{ status: number | undefined }>((resolve) => {
    child.once('error', () => resolve({ status: undefined }))
    child.once('close', (code) => resolve({ status: code ?? undefined }))
  })
  child.stdin.on('error', () => undefined)
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exit,
    close() {
      child.stdin.destroy()
      child.stdout.destroy()
      child.stderr.destroy()
      child.kill()
    },
  }
}
