import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { run } from './command.ts'
import { greets, type Machine, type MachineStatus } from './machine.ts'
import { endProcess, isAlive, startDetached, waitForEnd } from './process.ts'
import { qmp } from './qmp.ts'
import { machineId, writeSeed } from './seed.ts'
import { type Lab, type MachineRecord, machineFolder, saveLab } from './state.ts'

/** Where control sockets are; short, because a socket's path may not exceed 107 bytes. */
export function runFolder(lab: Lab): string {
  return `/run/virtfleet-lab-${lab.state.id}`
}

/** An emulated machine's own subnet with the others: a multicast group on loopback that its first forwarded port makes unique. */
export function multicastGroup(lab: Lab): string {
  const port = lab.state.machines.find((machine) => machine.kind === 'vm')?.port ?? 0
  return `239.192.${port >> 8}.${port & 255}:${port}`
}

/** A machine with a kernel of its own, emulated by QEMU on a copy-on-write overlay of its image. */
export function createVm(lab: Lab, record: MachineRecord): Machine {
  const folder = machineFolder(lab, record.name)
  const logPath = join(folder, 'console.log')
  const socket = join(runFolder(lab), `${record.name}.qmp`)
  return {
    record,
    logPath,
    async start() {
      if (isAlive(record.process)) return
      await mkdir(runFolder(lab), { recursive: true })
      await rm(socket, { force: true })
      await prepare(lab, record)
      record.process = startDetached(
        'qemu-system-x86_64',
        [...hardware(lab, record), '-serial', `file:${logPath}`, '-qmp', `unix:${socket},server=on,wait=off`],
        lab.state.id,
        join(folder, 'qemu.log'),
      )
      saveLab(lab)
    },
    async stop() {
      const { process } = record
      if (process && isAlive(process)) {
        await qmp(socket, 'system_powerdown').catch(() => {})
        if (!(await waitForEnd(process, 180_000))) await endProcess(process, 2000)
      }
      delete record.process
      saveLab(lab)
      await rm(socket, { force: true })
    },
    async status(): Promise<MachineStatus> {
      if (!isAlive(record.process)) return 'stopped'
      return (await greets(record.address, record.port, 1500)) ? 'running' : 'booting'
    },
  }
}

/** Cuts an emulated machine off from the others (its second cable), or plugs it in again. */
export async function setCable(lab: Lab, name: string, plugged: boolean): Promise<void> {
  await qmp(join(runFolder(lab), `${name}.qmp`), 'set_link', { name: 'fleet', up: plugged })
}

/** Emulation copies byte by byte where a processor has fast strings, and leaves its compiled code at each switch of SMAP. */
const emulatedProcessor = 'max,-la57,-erms,-fsrm,-smap'
const commandLine = 'console=ttyS0 net.ifnames=0 mitigations=off quiet panic=5 systemd.show_status=1'
/**
 * QEMU knows compiled code by its address: programs that start elsewhere each time are compiled each time, at half of all the work.
 * And the kernel mistrusts the emulated TSC, and would ask a device for the time, at a hundred times the price.
 */
const emulatedCommandLine = 'norandmaps tsc=reliable clocksource=tsc init_on_alloc=0 transparent_hugepage=never'

function hardware(lab: Lab, record: MachineRecord): string[] {
  const folder = machineFolder(lab, record.name)
  const mac = (nic: number) =>
    `52:54:00:${lab.state.id.slice(0, 2)}:0${nic}:${record.number.toString(16).padStart(2, '0')}`
  const fast = lab.state.acceleration === 'kvm'
  return [
    ...[
      '-name',
      record.name,
      '-uuid',
      uuid(machineId(lab, record.name)),
      '-machine',
      'q35',
      '-m',
      `${record.memory}`,
      '-nodefaults',
      '-display',
      'none',
    ],
    ...['-accel', fast ? 'kvm' : 'tcg,thread=multi', '-cpu', fast ? 'host' : emulatedProcessor, '-smp', cores(lab)],
    ...['-kernel', join(record.image, 'kernel'), '-initrd', join(folder, 'initrd')],
    ...['-append', fast ? commandLine : `${commandLine} ${emulatedCommandLine}`],
    ...['-drive', `if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap,file=${join(folder, 'disk.qcow2')}`],
    ...['-device', 'virtio-blk-pci,drive=disk', '-device', 'virtio-rng-pci'],
    ...['-netdev', `user,id=world,hostfwd=tcp:127.0.0.1:${record.port}-:22`],
    ...['-device', `virtio-net-pci,netdev=world,mac=${mac(0)}`],
    ...['-netdev', `socket,id=fleet,mcast=${multicastGroup(lab)},localaddr=127.0.0.1`],
    ...['-device', `virtio-net-pci,netdev=fleet,mac=${mac(1)}`],
  ]
}

/** Makes the overlay and the initrd with the machine's seed where they are missing. */
async function prepare(lab: Lab, record: MachineRecord): Promise<void> {
  const folder = machineFolder(lab, record.name)
  const disk = join(folder, 'disk.qcow2')
  if (existsSync(disk)) return
  const interfaces = `auto lo
iface lo inet loopback

auto eth0
iface eth0 inet static
  address 10.0.2.15/24
  gateway 10.0.2.2

auto eth1
iface eth1 inet static
  address ${record.fleetAddress}/24
`
  const seed = await writeSeed(lab, record, { interfaces, nameserver: '10.0.2.3' })
  const pack =
    'cd "$1" && { cat "$2/initrd"; find seed | cpio -o -H newc --quiet; } > initrd.new && mv initrd.new initrd'
  await run('sh', ['-euc', pack, 'sh', folder, record.image])
  await rm(seed, { recursive: true })
  await run('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-F',
    'qcow2',
    '-b',
    join(record.image, 'disk.qcow2'),
    `${disk}.new`,
  ])
  await run('mv', [`${disk}.new`, disk])
}

function uuid(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Two processors only where this machine can feed them: more virtual ones than real ones make emulation slower. */
function cores(lab: Lab): string {
  const machines = lab.state.machines.filter((machine) => machine.kind === 'vm').length
  return availableParallelism() >= 2 * machines ? '2' : '1'
}
