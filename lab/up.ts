import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createContainer } from './container.ts'
import { LabError } from './errors.ts'
import { type BuildOptions, cacheFolder, ensureImage } from './image/cache.ts'
import { readSurroundings } from './image/surroundings.ts'
import { type LabFiles, writeInventory } from './inventory.ts'
import { probeAcceleration } from './kvm.ts'
import { withLock } from './lock.ts'
import { type Machine, waitForSsh } from './machine.ts'
import { type LabOptions, planMachines, type WantedMachine } from './options.ts'
import { checkMachine, ensurePackages } from './packages.ts'
import { isAlive } from './process.ts'
import type { Report } from './progress.ts'
import { ensureKey } from './seed.ts'
import { createLab, type Lab, labFolder, type MachineRecord, machineFolder, readLab, saveLab } from './state.ts'
import { createVm } from './vm.ts'

/** A lab that is up. */
export interface LabUp {
  lab: Lab
  machines: readonly Machine[]
  files: LabFiles
  /** Names of the machines that this call started. */
  started: readonly string[]
}

/** The machine behind a record, of whichever kind. */
export function openMachine(lab: Lab, record: MachineRecord): Machine {
  return record.kind === 'vm' ? createVm(lab, record) : createContainer(lab, record)
}

/**
 * Brings a lab up: makes what is missing (packages of this machine, images, machines), starts what does not run, and
 * returns when sshd answers on each. Machines that the lab already has stay, whatever the options say; a second call
 * changes nothing. Throws LabError.
 */
export async function labUp(options: LabOptions, report: Report): Promise<LabUp> {
  const dir = labFolder(options.dir)
  const planned = planMachines(options)
  await checkMachine(planned)
  await ensurePackages(planned, options, report)
  await mkdir(dir, { recursive: true })
  const onWait = (pid: number) => report({ step: 'lab', detail: `waiting for process ${pid}`, done: 0, total: 0 })
  return withLock(join(dir, 'lock'), { signal: options.signal, onWait }, async () => {
    const lab = (await readLab(dir)) ?? (await createLab(dir))
    await addMachines(lab, planned, options, report)
    return startAll(lab, report, options.signal)
  })
}

async function addMachines(
  lab: Lab,
  planned: readonly WantedMachine[],
  options: LabOptions,
  report: Report,
): Promise<void> {
  const has = new Set(lab.state.machines.map((machine) => machine.name))
  const added = planned.filter((machine) => !has.has(machine.name))
  if (added.length === 0) return
  const surroundings = await readSurroundings()
  const build: BuildOptions = {
    cache: cacheFolder(),
    labId: lab.state.id,
    surroundings,
    report,
    signal: options.signal,
  }
  await ensureKey(join(lab.dir, 'id_ed25519'), 'virtfleet-lab')
  for (const wanted of added) {
    const image = await ensureImage(wanted.variant ?? 'vm', build)
    const folder = machineFolder(lab, wanted.name)
    await mkdir(folder, { recursive: true })
    const hostKey = await ensureKey(join(folder, 'hostkey'), wanted.name)
    const vm = wanted.kind === 'vm'
    lab.state.machines.push({
      ...wanted,
      image,
      address: vm ? '127.0.0.1' : '',
      port: vm ? await freePort(lab) : 22,
      fleetAddress: vm ? `10.77.0.${wanted.number}` : '',
      hostKey,
    })
  }
  const vm = lab.state.machines.find((machine) => machine.kind === 'vm')
  if (vm) lab.state.acceleration ??= await probeAcceleration(join(vm.image, 'kernel'))
  saveLab(lab)
}

async function startAll(lab: Lab, report: Report, signal: AbortSignal | undefined): Promise<LabUp> {
  const machines = lab.state.machines.map((record) => openMachine(lab, record))
  const started = machines.filter((machine) => !isAlive(machine.record.process))
  const total = machines.length
  let done = 0
  const say = (detail: string) => report({ step: 'machines', detail, done, total })
  for (const machine of started) {
    if (signal?.aborted) throw new LabError('cancelled', 'cancelled')
    await machine.start(signal)
    say(`${machine.record.name} starts`)
  }
  const files = await writeInventory(lab)
  await Promise.all(
    machines.map(async (machine) => {
      await waitForSsh(machine, machine.record.kind === 'vm' ? 900_000 : 300_000, signal)
      done += 1
      say(`${machine.record.name} answers`)
    }),
  )
  return { lab, machines, files, started: started.map((machine) => machine.record.name) }
}

/** A loopback port that nobody listens on and no machine of the lab has. */
async function freePort(lab: Lab): Promise<number> {
  const taken = new Set(lab.state.machines.map((machine) => machine.port))
  const first = 20_000 + (createHash('sha256').update(lab.state.id).digest().readUInt16BE(0) % 10_000)
  for (let port = first; port < first + 2000; port++) {
    if (!taken.has(port) && (await canListen(port))) return port
  }
  throw new LabError('machine-failed', `no free port on 127.0.0.1 from ${first} to ${first + 2000}`)
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
