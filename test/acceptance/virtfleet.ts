import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export interface Finished {
  readonly status: number
  readonly output: string
}

/** Runs the command as a user would, in a folder; its output goes to ours too, so that a long run can be watched. */
export function virtfleet(cwd: string, args: readonly string[]): Promise<Finished> {
  return execute(process.execPath, [`${ROOT}bin/virtfleet.js`, ...args], cwd)
}

export function execute(program: string, args: readonly string[], cwd: string): Promise<Finished> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      process.stdout.write(chunk)
    })
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() }))
  })
}
