import { type Command, Option } from 'commander'
import type { Streams } from './streams.ts'
import type { ConsoleFlags } from './vm/console.ts'
import type { DeleteFlags } from './vm/delete.ts'
import { addFleetOptions, type DataFlags, wholeNumber } from './vm/flags.ts'
import type { IpFlags } from './vm/ip.ts'
import type { ListFlags } from './vm/list.ts'
import type { RebootFlags } from './vm/reboot.ts'
import type { ShowFlags } from './vm/show.ts'
import type * as Snapshot from './vm/snapshot.ts'
import type { StopFlags } from './vm/stop.ts'
import type { VncFlags } from './vm/vnc.ts'

const SHUTDOWN_S = 120
const NAMES = `
A VM is named by its name or UUID, or by name@host where several hosts have one of that name. What changes a VM asks every host
of the inventory first, since a silent one may have it too; name@host asks that host alone.`

/** `virtfleet vm`: the virtual machines of all hosts, one by one. Each verb's code is read when it is called. */
export function vmCommand(program: Command, streams: Streams, done: (code: number) => void): void {
  const vm = program
    .command('vm')
    .description('list, show and operate virtual machines, wherever they are')
    .addHelpText('after', NAMES)
  addList(vm, streams, done)
  addPower(vm, streams, done)
  addScreens(vm, streams, done)
  addSnapshots(vm, streams, done)
  addDelete(vm, streams, done)
}

function addList(vm: Command, streams: Streams, done: (code: number) => void): void {
  const list = vm
    .command('list [pattern]')
    .description('the VMs of all hosts in one table; pattern: names, * and ? allowed')
    .option('--host <pattern>', 'only VMs on these hosts')
    .option('-l, --limit <pattern>', 'only VMs on these hosts; narrows --host further')
    .option('--ip', 'addresses too')
    .option('--live', 'redraw until Ctrl-C')
    .option('--interval <seconds>', 'between two looks of --live', wholeNumber, 2)
  addFleetOptions(list, { data: true }).action(async (pattern: string | undefined, flags: ListFlags) => {
    done(await (await import('./vm/list.ts')).listVms(pattern, flags, streams))
  })
  const show = vm
    .command('show <vm>')
    .description('what it is made of')
    .option('--xml', 'its definition as libvirt has it')
  addFleetOptions(show, { data: true }).action(async (name: string, flags: ShowFlags) => {
    done(await (await import('./vm/show.ts')).show(name, flags, streams))
  })
  const ip = vm.command('ip <vm>').description('addresses of a running VM, and where they are known from')
  ip.addOption(new Option('--source <source>', 'only from there').choices(['lease', 'agent', 'arp']))
  addFleetOptions(ip, { data: true }).action(async (name: string, flags: IpFlags) => {
    done(await (await import('./vm/ip.ts')).ip(name, flags, streams))
  })
}

function addPower(vm: Command, streams: Streams, done: (code: number) => void): void {
  const mode = () => new Option('--mode <way>', 'how the guest is asked').choices(['acpi', 'agent'])
  addFleetOptions(vm.command('start <vm>').description('start it'), { data: true }).action(
    async (name: string, flags: DataFlags) => done(await (await import('./vm/start.ts')).start(name, flags, streams)),
  )
  const stop = vm
    .command('stop <vm>')
    .description('ask the guest to shut down, and wait for it')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber, SHUTDOWN_S)
    .option('--force', 'cut it off')
    .addOption(mode())
  addFleetOptions(stop, { data: true }).action(async (name: string, flags: StopFlags) =>
    done(await (await import('./vm/stop.ts')).stop(name, flags, streams)),
  )
  const reboot = vm
    .command('reboot <vm>')
    .description('ask the guest to reboot')
    .option('--force', 'reset the machine')
    .addOption(mode())
  addFleetOptions(reboot, { data: true }).action(async (name: string, flags: RebootFlags) =>
    done(await (await import('./vm/reboot.ts')).reboot(name, flags, streams)),
  )
  addFleetOptions(vm.command('suspend <vm>').description('pause it; its memory stays'), { data: true }).action(
    async (name: string, flags: DataFlags) =>
      done(await (await import('./vm/suspend.ts')).suspend(name, flags, streams)),
  )
  addFleetOptions(vm.command('resume <vm>').description('let a paused one run on'), { data: true }).action(
    async (name: string, flags: DataFlags) => done(await (await import('./vm/resume.ts')).resume(name, flags, streams)),
  )
}

function addScreens(vm: Command, streams: Streams, done: (code: number) => void): void {
  const serial = vm
    .command('console <vm>')
    .description('its serial console on this terminal; Ctrl-] leaves it')
    .option('--device <alias>', 'which one: serial1, console0')
    .option('--force', "end somebody else's session on it")
  addFleetOptions(serial, { data: false }).action(async (name: string, flags: ConsoleFlags) =>
    done(await (await import('./vm/console.ts')).vmConsole(name, flags, streams)),
  )
  const vnc = vm
    .command('vnc <vm>')
    .description('lead a port of this machine to its display, VNC or SPICE, until Ctrl-C')
    .option('--port <number>', 'port of 127.0.0.1; the first free one from 5901 unless told', wholeNumber)
    .addOption(new Option('--vnc', 'only VNC').conflicts('spice'))
    .option('--spice', 'only SPICE')
  addFleetOptions(vnc, { data: true }).action(async (name: string, flags: VncFlags) =>
    done(await (await import('./vm/vnc.ts')).vnc(name, flags, streams)),
  )
}

function addSnapshots(vm: Command, streams: Streams, done: (code: number) => void): void {
  const snapshot = vm.command('snapshot').description('list, make, go back to and delete snapshots')
  const load = () => import('./vm/snapshot.ts')
  addFleetOptions(snapshot.command('list <vm>').description('its snapshots; * is the current one'), {
    data: true,
  }).action(async (name: string, flags: DataFlags) => done(await (await load()).list(name, flags, streams)))
  const create = snapshot
    .command('create <vm> <name>')
    .description("within its qcow2 images, with a running guest's memory")
    .option('--description <text>')
    .option('--external', 'new images on top of the old ones instead, without memory')
    .option('--quiesce', 'external: the guest agent freezes the file systems meanwhile')
  addFleetOptions(create, { data: true }).action(async (name: string, snap: string, flags: Snapshot.CreateFlags) =>
    done(await (await load()).create(name, snap, flags, streams)),
  )
  const revert = snapshot
    .command('revert <vm> <name>')
    .description('put it back to what it was')
    .addOption(new Option('--running', 'let it run after that').conflicts('paused'))
    .option('--paused', 'leave it paused after that')
    .option('-y, --yes', 'do not ask')
  addFleetOptions(revert, { data: true }).action(async (name: string, snap: string, flags: Snapshot.RevertFlags) =>
    done(await (await load()).revert(name, snap, flags, streams)),
  )
  const remove = snapshot
    .command('delete <vm> <name>')
    .description('forget a snapshot; the VM stays as it is')
    .option('--children', 'those that were made since, too')
    .option('-y, --yes', 'do not ask')
  addFleetOptions(remove, { data: true }).action(async (name: string, snap: string, flags: Snapshot.DeleteFlags) =>
    done(await (await load()).remove(name, snap, flags, streams)),
  )
}

function addDelete(vm: Command, streams: Streams, done: (code: number) => void): void {
  const remove = vm
    .command('delete <vm>')
    .description('show what goes, ask, and delete it')
    .option('--disks', 'its disks too, but never an ISO, a base image, or what another VM uses')
    .option('--force', 'though it runs: it is cut off')
    .option('--plan', 'only show what would go')
    .option('-y, --yes', 'do not ask')
  addFleetOptions(remove, { data: true }).action(async (name: string, flags: DeleteFlags) =>
    done(await (await import('./vm/delete.ts')).remove(name, flags, streams)),
  )
}
