import { spawn } from 'node:child_process'
import { PythonError } from '../python/index.ts'
import type { CallContext } from '../types.ts'

const timeLimit = 300_000
const maxOutput = 16 * 1024 * 1024

/** The output of a command of the user's on the controller, run by /bin/sh in the play's folder; at most 5 minutes. */
export function runCommand(command: string, context: CallContext): Promise<string> {
  const { folders, signal } = context.scope.environment
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: folders[0],
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let size = 0
    let stopped: Error | undefined
    const stop = (reason: Error): void => {
      stopped ??= reason
      if (child.pid !== undefined) killGroup(child.pid)
    }
    const abort = (): void => stop(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
    const timer = setTimeout(
      () => stop(new PythonError('FilterError', `the command took longer than ${timeLimit / 1000} s: ${command}`)),
      timeLimit,
    )
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    const collect =
      (into: Buffer[]) =>
      (chunk: Buffer): void => {
        size += chunk.length
        if (size > maxOutput)
          stop(new PythonError('FilterError', `the command gave more than ${maxOutput} bytes: ${command}`))
        else into.push(chunk)
      }
    child.stdout.on('data', collect(out))
    child.stderr.on('data', collect(err))
    const finish = (end: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      end()
    }
    child.on('error', (error) =>
      finish(() => reject(new PythonError('FilterError', `the command could not be run: ${error.message}`))),
    )
    child.on('close', (code, killedBy) =>
      finish(() => {
        if (stopped) reject(stopped)
        else if (code === 0) resolve(Buffer.concat(out).toString('utf8'))
        else
          reject(
            new PythonError(
              'FilterError',
              `the command '${command}' ended with ${code ?? killedBy}: ${Buffer.concat(err).toString('utf8').trim()}`,
            ),
          )
      }),
    )
  })
}

/** The shell and its children; they may be gone already. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    return
  }
}
