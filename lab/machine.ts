import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from './errors.ts'
import type { MachineRecord } from './state.ts'

/** How far a machine is: its process runs, and its sshd answers. */
export type MachineStatus = 'stopped' | 'booting' | 'running'

/** A machine of the lab, emulated or a container. */
export interface Machine {
  readonly record: MachineRecord
  /** Its console or, for a container, what its init printed. */
  readonly logPath: string
  /** Starts it when it is not running; returns before sshd answers. */
  start(signal?: AbortSignal): Promise<void>
  /** Shuts it down as a power button would, by force when that takes too long. */
  stop(): Promise<void>
  status(): Promise<MachineStatus>
}

/** Whether an SSH server greets at this address within the time (ms). */
export function greets(address: string, port: number, time: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port })
    const end = (answer: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end(false), time)
    socket.once('data', (data) => end(data.toString('latin1').startsWith('SSH-')))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
  })
}

/** Waits until sshd answers; throws when the machine ends or the time (ms) is over. */
export async function waitForSsh(machine: Machine, time: number, signal?: AbortSignal): Promise<void> {
  const { name, address, port } = machine.record
  const until = Date.now() + time
  while (!(await greets(address, port, 5000))) {
    if (signal?.aborted) throw new LabError('cancelled', 'cancelled')
    if ((await machine.status()) === 'stopped') {
      throw new LabError('machine-failed', `${name} ended while booting`, `see ${machine.logPath}`)
    }
    if (Date.now() > until) {
      throw new LabError(
        'machine-failed',
        `${name} did not answer on SSH in ${time / 1000} s`,
        `see ${machine.logPath}`,
      )
    }
    await sleep(150)
  }
}
