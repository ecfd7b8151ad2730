import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { Host } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'
import { journalFile, writeEntry } from './journal.ts'
import type { WantedVm } from './wanted.ts'

/** What became of the disks: why some failed, and which are new. */
export interface Disks {
  readonly failures: ReadonlyMap<WantedVm, Error>
  readonly made: ReadonlySet<WantedVm>
}

/**
 * Journal and disk of all these VMs, in one script. A disk is made beside its place and moved there whole; what is there
 * already (from a run that was cut, and may still be making it) stays.
 */
export async function makeDisks(host: Host, args: VmsArgs, vms: readonly WantedVm[]): Promise<Disks> {
  const script = sh.join([sh`mkdir -p ${args.path}`, ...vms.map((vm, i) => oneDisk(args, vm, i))])
  const answer = await host.run(script)
  const lines = answer.stdout.toString().split('\n')
  const ended = new Set(lines)
  const failures = new Map<WantedVm, Error>()
  const made = new Set<WantedVm>()
  for (const [i, vm] of vms.entries()) {
    if (ended.has(`made ${i}`)) made.add(vm)
    else if (!ended.has(`kept ${i}`)) {
      const said = lines.filter((l) => l.startsWith(`said ${i} `)).map((l) => l.slice(`said ${i} `.length))
      failures.set(vm, new Error(said.join('\n') || answer.stderr.toString().trim()))
    }
  }
  return { failures, made }
}

function oneDisk(args: VmsArgs, vm: WantedVm, index: number): ShellText {
  const entry = writeEntry(args.fleet, { name: vm.name, uuid: vm.uuid, files: filesOf(vm), cloudInit: false })
  const part = `${vm.disk}.part`
  const base = args.base === undefined ? sh.raw('') : sh`-F ${args.base_format} -b ${args.base}`
  const size = vm.diskSize === undefined ? sh.raw('') : sh`${String(vm.diskSize)}`
  const make = sh`rm -f ${part} && qemu-img create -q -f qcow2 ${base} ${part} ${size} && { mv -n ${part} ${vm.disk}; rm -f ${part}; [ -e ${vm.disk} ]; }`
  return sh`if [ -e ${vm.disk} ]; then w=kept; else w=made; fi
o=$({ ${entry} && { [ $w = kept ] || { ${make} || { rm -f ${part}; false; }; }; }; } 2>&1) && echo "$w ${index}" || printf '%s\n' "$o" | sed ${`s/^/said ${index} /`}`
}

/** What a VM has on its host besides its definition. */
export const filesOf = (vm: WantedVm): string[] => [vm.disk, ...(vm.seed === undefined ? [] : [vm.seed])]

/** Takes back what this run made and could not be used: disks that are new, and their journal. */
export async function dropDisks(host: Host, args: VmsArgs, vms: readonly WantedVm[]): Promise<void> {
  if (vms.length === 0) return
  await host.run(sh`rm -f -- ${vms.flatMap(filesOf)} && rm -f -- ${vms.map((v) => journalFile(args.fleet, v.name))}`)
}
