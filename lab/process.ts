import { spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemPath } from './command.ts'
import { LabError } from './errors.ts'

/** A process that cannot be mistaken for another one that later got its number: pid and start time (clock ticks after boot). */
export interface ProcessIdentity {
  pid: number
  started: number
}

/** The variable by which every process of a lab says whose it is; children inherit it. */
export const labMark = 'VIRTFLEET_LAB_ID'

/** Who runs under this number now; undefined when nobody does or only a zombie is left. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return { pid, started: Number(fields[19]) }
  } catch {
    return undefined
  }
}

/** Whether that very process is still there. */
export function isAlive(who: ProcessIdentity | undefined): boolean {
  return who !== undefined && identify(who.pid)?.started === who.started
}

/** Starts a program that outlives us, its output appended to a log file, marked as the lab's. */
export function startDetached(
  program: string,
  args: readonly string[],
  labId: string,
  logPath: string,
): ProcessIdentity {
  const log = openSync(logPath, 'a')
  try {
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { PATH: systemPath(), LC_ALL: 'C.UTF-8', HOME: '/', [labMark]: labId },
    })
    child.on('error', () => {})
    child.unref()
    const who = child.pid === undefined ? undefined : identify(child.pid)
    if (!who) throw new LabError('machine-failed', `cannot start ${program}`, `see ${logPath}`)
    return who
  } finally {
    closeSync(log)
  }
}

/** Waits until the process is gone; false when the time (ms) ran out. */
export async function waitForEnd(who: ProcessIdentity, time: number): Promise<boolean> {
  const until = Date.now() + time
  while (isAlive(who)) {
    if (Date.now() > until) return false
    await sleep(50)
  }
  return true
}

/** Ends a process: TERM, then KILL after the grace (ms). Does nothing when that very process is gone. */
export async function endProcess(who: ProcessIdentity, grace: number): Promise<void> {
  for (const [signal, time] of [
    ['SIGTERM', grace],
    ['SIGKILL', 10_000],
  ] as const) {
    if (!isAlive(who)) return
    try {
      process.kill(who.pid, signal)
    } catch {
      return
    }
    if (await waitForEnd(who, time)) return
  }
}

/** Every process that carries the lab's mark in its environment, ours excepted. */
export function findMarked(labId: string): ProcessIdentity[] {
  const wanted = `${labMark}=${labId}`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(wanted)
      } catch {
        return false
      }
    })
    .flatMap((name) => identify(Number(name)) ?? [])
}
