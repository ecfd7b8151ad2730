import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { ProcessStream } from './process-stream.ts'

/**
 * Starts a ProxyCommand (tokens expanded) through sh, and gives its standard input and output as a stream. Destroying the
 * stream ends the command and what it started. What it writes to stderr comes to `onNote`, a line at a time.
 */
export function proxyCommandStream(command: string, onNote: (line: string) => void): Duplex {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const stream = new ProcessStream(child, () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    process.kill(-child.pid, 'SIGTERM')
  })
  let pending = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (pending + text).split('\n')
    pending = lines.pop()!.slice(-4096)
    for (const line of lines) onNote(line.replace(/\r$/, ''))
  })
  child.once('exit', (status, signal) => {
    if (status !== 0 && !stream.destroyed) onNote(`ProxyCommand ended with ${signal ?? `status ${status}`}`)
  })
  return stream
}
