import { randomBytes } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { LabError } from './errors.ts'
import type { WantedMachine } from './options.ts'
import type { ProcessIdentity } from './process.ts'

/** One machine as the lab remembers it. Paths are absolute; the SSH endpoint is on this machine. */
export interface MachineRecord extends WantedMachine {
  /** The finished image it stands on. */
  image: string
  address: string
  port: number
  /** Its address among the lab's machines. */
  fleetAddress: string
  /** `ssh-ed25519 AAAA…`, made for it by the lab. */
  hostKey: string
  process?: ProcessIdentity
}

/** The containers' network: a network namespace held by one process, its way out by another. */
export interface NetworkRecord {
  /** 10.88.<subnet>.0/24. */
  subnet: number
  /** The end of the lab's cable on this machine. */
  link: string
  holder?: ProcessIdentity
  uplink?: ProcessIdentity
}

/** The file `state.json` in the lab's folder. */
export interface LabState {
  version: 1
  id: string
  machines: MachineRecord[]
  network?: NetworkRecord
  acceleration?: 'kvm' | 'tcg'
}

/** A lab on disk. */
export interface Lab {
  dir: string
  state: LabState
}

/** The absolute folder of a lab. */
export function labFolder(dir: string | undefined): string {
  return resolve(dir ?? '.lab')
}

/** Reads a lab; undefined when there is none in that folder. */
export async function readLab(dir: string): Promise<Lab | undefined> {
  let text: string
  try {
    text = await readFile(join(dir, 'state.json'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  let state: LabState
  try {
    state = JSON.parse(text) as LabState
  } catch {
    throw new LabError('no-lab', `${join(dir, 'state.json')} is not readable as a lab's state`)
  }
  if (state.version !== 1 || !/^[0-9a-f]{8}$/.test(state.id)) {
    throw new LabError('no-lab', `${join(dir, 'state.json')} was not written by this version`)
  }
  return { dir, state }
}

/** Reads a lab that must be there. */
export async function requireLab(dir: string): Promise<Lab> {
  const lab = await readLab(dir)
  if (!lab) throw new LabError('no-lab', `there is no lab in ${dir}`, 'virtfleet lab up')
  return lab
}

/** Makes an empty lab; its id marks every process before the first one starts. */
export async function createLab(dir: string): Promise<Lab> {
  await mkdir(dir, { recursive: true, mode: 0o755 })
  const lab: Lab = { dir, state: { version: 1, id: randomBytes(4).toString('hex'), machines: [] } }
  saveLab(lab)
  return lab
}

/** Writes the state beside itself and renames it; synchronous, so that two machines' changes cannot cross. */
export function saveLab(lab: Lab): void {
  const path = join(lab.dir, 'state.json')
  writeFileSync(`${path}.new`, `${JSON.stringify(lab.state, undefined, 2)}\n`)
  renameSync(`${path}.new`, path)
}

/** A machine's own folder. */
export function machineFolder(lab: Lab, name: string): string {
  return join(lab.dir, 'machines', name)
}
