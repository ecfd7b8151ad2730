import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RunEvent } from '../../../core/events/types.ts'

const launcher = fileURLToPath(new URL('../../../bin/virtfleet.js', import.meta.url))

/** What a command line came to. */
export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command line that is still at work. */
export interface CliRun {
  readonly child: ChildProcess
  readonly pid: number
  readonly done: Promise<CliResult>
  /** All it has said so far. */
  said(): string
  /** Resolves once what it said matches; fails after ten seconds, or when it ends without. */
  says(pattern: RegExp): Promise<void>
}

/** A folder with playbooks and what they need, and the real command line on it. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'virtfleet-cli-'))

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Writes a file below the folder and answers with its path. */
  async file(name: string, content: string | Buffer): Promise<string> {
    const path = this.path(name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { mode: 0o600 })
    return path
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): CliRun {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.folder, TERM: 'dumb', ...env },
    })
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8')
      child[name].on('data', (text: string) => {
        texts[name] += text
      })
    }
    const done = new Promise<CliResult>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : -1), ...texts }))
    })
    const said = (): string => texts.stdout + texts.stderr
    return {
      child,
      pid: child.pid!,
      done,
      said,
      says: async (pattern) => {
        for (const end = Date.now() + 10_000; Date.now() < end && !pattern.test(said()); ) {
          if (child.exitCode !== null) break
          await delay(20)
        }
        if (!pattern.test(said())) throw new Error(`it did not say ${pattern}, but:\n${said()}`)
      },
    }
  }

  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult> {
    return this.start(args, env).done
  }

  /** `virtfleet run` of a playbook's text with that inventory. */
  async play(inventory: string, playbook: string, ...more: string[]): Promise<CliResult> {
    const file = await this.file('play.yml', playbook)
    return this.run(['run', '-i', inventory, ...more, file])
  }

  /** The same as NDJSON, read. */
  async events(
    inventory: string,
    playbook: string,
    ...more: string[]
  ): Promise<{ code: number; events: RunEvent[]; stderr: string }> {
    const { code, stdout, stderr } = await this.play(inventory, playbook, '--output', 'ndjson', ...more)
    return { code, stderr, events: readEvents(stdout) }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export function readEvents(text: string): RunEvent[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RunEvent)
}

/** Results by host and the name of the task. */
export function resultsOf(events: readonly RunEvent[]): Map<string, Extract<RunEvent, { event: 'host_result' }>> {
  const names = new Map(events.flatMap((e) => (e.event === 'task_started' ? [[e.task, e.name] as const] : [])))
  return new Map(
    events.flatMap((e) => (e.event === 'host_result' ? [[`${e.host} ${names.get(e.task)}`, e] as const] : [])),
  )
}

export const finished = (events: readonly RunEvent[]): Extract<RunEvent, { event: 'run_finished' }> => {
  const last = events.at(-1)
  if (last?.event !== 'run_finished') throw new Error(`the last event is ${last?.event}`)
  return last
}
