import type { DomainModel } from '../../../core/libvirt/xml/domain.ts'
import { child, childrenOf } from '../../../core/libvirt/xml/element.ts'
import { isShared } from '../file-systems.ts'
import type { MigrateArgs } from './args.ts'
import type { Place, Resident } from './probe.ts'
import type { FileFacts } from './storage.ts'

/** What a preflight found: blockers stop it, notes are told. */
export interface Findings {
  readonly blockers: string[]
  readonly notes: string[]
}

/** One file of the VM on both sides. */
export interface FilePair {
  readonly path: string
  readonly source: FileFacts | undefined
  readonly target: FileFacts | undefined
  readonly writable: boolean
  readonly cache: string | undefined
}

export interface Sides {
  readonly args: MigrateArgs
  readonly resident: Resident
  readonly model: DomainModel
  readonly source: Place
  readonly target: Place
  readonly sourceName: string
  readonly files: readonly FilePair[]
  /** Of hypervisor-cpu-compare on the target; undefined if it could not be asked. */
  readonly cpu: { readonly fits: boolean; readonly text: string } | undefined
  readonly address: string | undefined
}

/** Every check that can be read, in the order of the operations manual. Pure. */
export function preflight(sides: Sides): Findings {
  const findings: Findings = { blockers: [], notes: [] }
  for (const check of [checkGuest, checkDevices, checkFiles, checkHosts, checkNetworks, checkRoom])
    check(sides, findings)
  return findings
}

function checkGuest({ resident, target, args }: Sides, { blockers }: Findings): void {
  const { state, reason, uuid, persistent } = resident.summary
  if (state !== 'running' && state !== 'shut off' && !(state === 'paused' && reason === 'user'))
    blockers.push(`it is ${state} (${reason})`)
  if (!persistent) blockers.push('it is transient: it has no definition that could go with it')
  if (resident.job !== 'None' && resident.job !== 'Completed') blockers.push(`a job is under way: ${resident.job}`)
  if (resident.snapshots.length > 0) blockers.push(`it has snapshots: ${resident.snapshots.join(', ')}`)
  if (resident.blockJobs.length > 0) blockers.push(`block jobs are under way on ${resident.blockJobs.join(', ')}`)
  if (target.names.includes(args.name)) blockers.push(`${args.to} has a domain of that name`)
  else if (target.uuids.has(uuid)) blockers.push(`${args.to} has its UUID, as ${target.uuids.get(uuid)}`)
}

function checkDevices({ model }: Sides, { blockers, notes }: Findings): void {
  const devices = child(model.xml, 'devices')
  for (const hostdev of childrenOf(devices, 'hostdev')) {
    if (hostdev.attributes.type !== 'usb')
      blockers.push(`it has a ${hostdev.attributes.type ?? 'host'} device of the host`)
  }
  for (const nic of childrenOf(devices, 'interface')) {
    if (['hostdev', 'vdpa'].includes(nic.attributes.type ?? ''))
      blockers.push(`it has an interface of type ${nic.attributes.type}`)
  }
  for (const fs of childrenOf(devices, 'filesystem'))
    blockers.push(`it shares the folder ${child(fs, 'source')?.attributes.dir ?? ''} of the host`)
  for (const shmem of childrenOf(devices, 'shmem'))
    if (shmem.attributes.role !== 'master') blockers.push('it has shared memory that is not its own')
  for (const disk of model.disks) if (disk.transient) blockers.push(`disk ${disk.target} is transient`)
  for (const graphics of childrenOf(devices, 'graphics')) {
    const listen = graphics.attributes.listen ?? child(graphics, 'listen')?.attributes.address
    if (listen !== undefined && !/^(?:127\.|::1$|0\.0\.0\.0$|::$)/.test(listen))
      notes.push(`its screen listens on ${listen}, an address of the host`)
  }
  if (model.cpuMode === 'host-passthrough') notes.push('its CPU is host-passthrough: both hosts must have the same')
}

function checkFiles({ files, args, sourceName, source, target }: Sides, { blockers, notes }: Findings): void {
  for (const { path, source: here, target: there, writable, cache } of files) {
    if (!here) blockers.push(`${path} is not on ${sourceName}`)
    else if (!there) blockers.push(`${path} is not on ${args.to}`)
    else if (here.inode !== there.inode || here.size !== there.size)
      blockers.push(`${path} is not the same file on both hosts`)
    else if (!isShared(here.type) || !isShared(there.type)) {
      const where = isShared(here.type) ? `${there.type} on ${args.to}` : `${here.type} on ${sourceName}`
      if (writable && !args.unsafe)
        blockers.push(`${path} is on ${where}: libvirt does not take that for shared storage`)
      else notes.push(`${path} is on ${where}`)
    } else if (here.source !== there.source)
      blockers.push(`${path} is mounted from ${here.source} here and from ${there.source} there`)
    else if (writable && cache !== 'none' && cache !== 'directsync')
      notes.push(`${path} has cache ${cache ?? 'by default'}: none is safe`)
  }
  if (source.qemuUser !== target.qemuUser && files.length > 0)
    blockers.push(`QEMU runs as user:group ${source.qemuUser} on ${sourceName}, as ${target.qemuUser} on ${args.to}`)
}

function checkHosts(
  { source, target, model, cpu, address, args, sourceName, resident }: Sides,
  { blockers, notes }: Findings,
): void {
  if (source.hostUuid !== '' && source.hostUuid === target.hostUuid)
    blockers.push(`both hosts have the UUID ${source.hostUuid}: set host_uuid in libvirtd.conf`)
  if (older(target.hypervisor, source.hypervisor))
    blockers.push(`QEMU is ${target.hypervisor} on ${args.to}, older than ${source.hypervisor} on ${sourceName}`)
  if (older(target.library, source.library))
    notes.push(`libvirt is ${target.library} on ${args.to}, older than ${source.library} on ${sourceName}`)
  if (model.machine !== undefined && !target.machines.has(model.machine))
    blockers.push(`${args.to} does not know the machine ${model.machine}`)
  if (resident.summary.state !== 'shut off') {
    if (cpu === undefined) notes.push(`the CPU of ${args.to} could not be compared`)
    else if (!cpu.fits) blockers.push(`the CPU of ${args.to} does not have what the guest uses: ${cpu.text}`)
  }
  if (address === undefined)
    blockers.push(
      `${sourceName} does not resolve ${target.hostname} to an address that reaches ${args.to}; give migrate_address or the variable fleet_address`,
    )
  if (Math.abs(source.clock - target.clock) > 5)
    notes.push(`the clocks differ by ${Math.abs(source.clock - target.clock)} s`)
}

function checkNetworks({ model, target, args }: Sides, { blockers }: Findings): void {
  for (const nic of model.nics) {
    if (nic.source === undefined) continue
    if (nic.type === 'network' && target.networks.get(nic.source) !== true)
      blockers.push(
        `network '${nic.source}' ${target.networks.has(nic.source) ? 'does not run' : 'is not'} on ${args.to}`,
      )
    if ((nic.type === 'bridge' || nic.type === 'direct') && !target.links.has(nic.source))
      blockers.push(`${nic.type === 'bridge' ? 'bridge' : 'device'} '${nic.source}' is not on ${args.to}`)
  }
}

/** What QEMU takes besides the guest's memory. */
const OVERHEAD = 1.05

function checkRoom({ model, target, args, resident }: Sides, { blockers, notes }: Findings): void {
  if (resident.summary.state === 'shut off') return
  const need = Math.ceil(model.memoryKiB * OVERHEAD)
  if (target.availableKiB < need)
    blockers.push(
      `${args.to} has ${Math.round(target.availableKiB / 1024)} MiB free, the guest needs ${Math.round(need / 1024)}`,
    )
  if (model.vcpus > target.processors)
    notes.push(`the guest has ${model.vcpus} processors, ${args.to} only ${target.processors}`)
}

/** Whether version a is older than b; versions that are not known are not compared. */
export function older(a: string, b: string): boolean {
  if (a === '' || b === '') return false
  const [x, y] = [a, b].map((v) => v.split('.').map(Number))
  for (let i = 0; i < 3; i++) {
    const difference = (x?.[i] ?? 0) - (y?.[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
