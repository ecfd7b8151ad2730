import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { LabError } from './errors.ts'

/** How a command of this machine is run. Times are in milliseconds. */
export interface CommandOptions {
  input?: string
  env?: Record<string, string>
  signal?: AbortSignal | undefined
  timeout?: number
  cwd?: string
  /** Called with each line of both streams as it comes. */
  onLine?: (line: string) => void
}

/** What a command that was allowed to fail left. `status` is -1 when a signal ended it. */
export interface CommandResult {
  status: number
  stdout: string
  stderr: string
}

const keep = 1 << 20

/** Runs a program without a shell and returns its status; throws only when it cannot start, times out or is cancelled. */
export function attempt(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C.UTF-8', PATH: systemPath(), ...options.env },
      signal: options.signal,
      timeout: options.timeout ?? 120_000,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (data: Buffer) => {
      stdout = (stdout + data.toString()).slice(-keep)
    })
    child.stderr.on('data', (data: Buffer) => {
      stderr = (stderr + data.toString()).slice(-keep)
    })
    if (options.onLine) {
      createInterface({ input: child.stdout }).on('line', options.onLine)
      createInterface({ input: child.stderr }).on('line', options.onLine)
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.name === 'AbortError') reject(new LabError('cancelled', 'cancelled'))
      else reject(new LabError('command-failed', `cannot run ${program}: ${error.message}`))
    })
    child.on('close', (status) => resolve({ status: status ?? -1, stdout, stderr }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** Runs a program that must succeed and returns its standard output. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await attempt(program, args, options)
  if (result.status === 0) return result.stdout
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-6).join('\n')
  if (/No space left on device/.test(said)) throw new LabError('disk-full', `no space left on device: ${program}`, said)
  throw new LabError('command-failed', `${program} ${args[0] ?? ''} failed with status ${result.status}`, said)
}

/** Whether a program is found in the system's path. */
export async function hasProgram(name: string): Promise<boolean> {
  return (await attempt('sh', ['-c', 'command -v "$1"', 'sh', name])).status === 0
}

/** The search path with the system folders that an ordinary user's lacks. */
export function systemPath(): string {
  return `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH'] ?? ''}`
}
