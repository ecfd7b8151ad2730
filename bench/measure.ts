import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One run of a command line, its start-up included. */
export interface Measured {
  /** From its start to the end of its output, in milliseconds. */
  readonly wallMs: number
  /** User and system time of it and of the children it waited for, in milliseconds. */
  readonly cpuMs: number
  /** Highest resident set of it (or of one child), in MiB. */
  readonly rssMb: number
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandLine {
  readonly argv: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Milliseconds after which it is killed; default half an hour. */
  readonly timeoutMs?: number
  /** Exit codes that count; default only 0. */
  readonly codes?: readonly number[]
}

/** The environment of every measured program: nothing of the user's. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  TERM: 'dumb',
}

const running = new Set<ChildProcess>()

/** It and its children: they are a process group. */
function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

/** Ends what is being measured. */
export function endMeasured(): void {
  for (const child of running) kill(child)
}

/** Runs it under time(1) and throws with what it said when it fails. */
export async function measure(line: CommandLine): Promise<Measured> {
  const dir = mkdtempSync(join(tmpdir(), 'virtfleet-bench-time-'))
  const times = join(dir, 'times')
  try {
    const begin = performance.now()
    const child = spawn('/usr/bin/time', ['-q', '-f', '%U %S %M', '-o', times, ...line.argv], {
      cwd: line.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...ENVIRONMENT, ...line.env },
      detached: true,
    })
    running.add(child)
    const limit = line.timeoutMs ?? 1_800_000
    let late = false
    const timer = setTimeout(() => {
      late = true
      kill(child)
    }, limit)
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text
      })
    }
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve(status ?? -1))
    })
    clearTimeout(timer)
    running.delete(child)
    const wallMs = performance.now() - begin
    if (late) throw new Error(`it did not end within ${limit / 1000} s: ${line.argv.slice(0, 8).join(' ')} …`)
    if (!(line.codes ?? [0]).includes(code)) {
      throw new Error(
        `${line.argv.slice(0, 8).join(' ')} … ended with ${code}:\n${texts.stdout.slice(-1500)}\n${texts.stderr.slice(-1500)}`,
      )
    }
    const [user = 0, system = 0, kilobytes = 0] = readFileSync(times, 'utf8').trim().split(/\s+/).map(Number)
    return { wallMs, cpuMs: (user + system) * 1000, rssMb: kilobytes / 1024, code, ...texts }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
