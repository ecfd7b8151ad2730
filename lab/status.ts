import { LabError } from './errors.ts'
import { labFiles } from './inventory.ts'
import type { MachineStatus } from './machine.ts'
import type { Role } from './options.ts'
import { labFolder, requireLab } from './state.ts'
import { openMachine } from './up.ts'

/** One machine as `lab status` shows it. */
export interface MachineSummary {
  name: string
  kind: 'vm' | 'container'
  role: Role
  status: MachineStatus
  address: string
  port: number
  log: string
}

/** A lab as `lab status` shows it. */
export interface LabSummary {
  dir: string
  inventory: string
  acceleration: 'kvm' | 'tcg' | undefined
  machines: MachineSummary[]
}

/** What a lab has and how each machine is; throws `no-lab`. */
export async function labStatus(options: { dir?: string }): Promise<LabSummary> {
  const lab = await requireLab(labFolder(options.dir))
  const machines = await Promise.all(
    lab.state.machines.map(async (record) => {
      const machine = openMachine(lab, record)
      const { name, kind, role, address, port } = record
      return { name, kind, role, status: await machine.status(), address, port, log: machine.logPath }
    }),
  )
  return { dir: lab.dir, inventory: labFiles(lab).inventory, acceleration: lab.state.acceleration, machines }
}

/** The program and arguments that open a shell (or run `command`) on a machine of the lab. */
export async function labSshCommand(options: {
  dir?: string
  name: string
  user?: string
  command?: readonly string[]
}): Promise<string[]> {
  const lab = await requireLab(labFolder(options.dir))
  const machine = lab.state.machines.find((each) => each.name === options.name)
  if (!machine) {
    const names = lab.state.machines.map((each) => each.name).join(', ')
    throw new LabError('bad-option', `the lab has no machine "${options.name}"`, `it has ${names}`)
  }
  const files = labFiles(lab)
  const settings = [
    'IdentitiesOnly=yes',
    `UserKnownHostsFile=${files.knownHosts}`,
    'StrictHostKeyChecking=yes',
    'LogLevel=ERROR',
  ]
  return [
    ...['ssh', '-F', '/dev/null', '-i', files.privateKey, ...settings.flatMap((setting) => ['-o', setting])],
    ...['-p', `${machine.port}`, `${options.user ?? 'root'}@${machine.address}`, ...(options.command ?? [])],
  ]
}
