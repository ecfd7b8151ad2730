import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { LabError } from './errors.ts'

/** Sends one command to a QEMU's control socket and returns its answer; throws when there is none in 30 s. */
export function qmp(socketPath: string, execute: string, args: Record<string, unknown> = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath)
    const fail = (why: string) => {
      socket.destroy()
      reject(new LabError('machine-failed', `the machine's control socket: ${why}`))
    }
    const timer = setTimeout(() => fail(`no answer to ${execute}`), 30_000)
    socket.on('close', () => clearTimeout(timer))
    socket.on('error', (error) => fail(error.message))
    createInterface({ input: socket })
      .on('error', () => {})
      .on('line', (line) => {
        const message = JSON.parse(line) as { QMP?: unknown; id?: string; return?: unknown; error?: { desc: string } }
        if (message.QMP) {
          socket.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`)
          socket.write(`${JSON.stringify({ execute, arguments: args, id: 'it' })}\n`)
        } else if (message.id === 'it' && message.error) {
          fail(message.error.desc)
        } else if (message.id === 'it') {
          socket.destroy()
          resolve(message.return)
        }
      })
  })
}
