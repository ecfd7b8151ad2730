import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { Host } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'
import { type JournalEntry, journalFile, writeEntries } from './journal.ts'
import type { Making } from './making.ts'
import type { WantedVm } from './wanted.ts'

/** What became of the disks: why some failed, and which are new. */
export interface Disks {
  readonly failures: ReadonlyMap<Making, Error>
  readonly made: ReadonlySet<Making>
}

/**
 * Journal and disk of all these VMs, in one script: no disk before the whole journal is on the host's own disk. Each is made beside its
 * place and moved there whole; what is there already (from a run that was cut, and may still be making it) stays.
 */
export async function makeDisks(host: Host, args: VmsArgs, items: readonly Making[]): Promise<Disks> {
  if (items.length === 0) return { failures: new Map(), made: new Set() }
  const journal = writeEntries(args.fleet, items.map(entryOf))
  const disks = sh.join(items.map(({ vm }, i) => oneDisk(args, vm, i)))
  const answer = await host.run(sh`{ ${journal} && mkdir -p ${args.path}; } || exit 1
${disks}`)
  const lines = answer.stdout.toString().split('\n')
  const ended = new Set(lines)
  const failures = new Map<Making, Error>()
  const made = new Set<Making>()
  for (const [i, item] of items.entries()) {
    if (ended.has(`made ${i}`)) made.add(item)
    else if (!ended.has(`kept ${i}`)) {
      const said = lines.filter((l) => l.startsWith(`said ${i} `)).map((l) => l.slice(`said ${i} `.length))
      failures.set(item, new Error(said.join('\n') || answer.stderr.toString().trim()))
    }
  }
  return { failures, made }
}

const entryOf = ({ vm, earlier }: Making): JournalEntry => ({
  name: vm.name,
  uuid: vm.uuid,
  files: [...filesOf(vm), ...earlier],
  cloudInit: false,
  ssh: false,
})

/** Of a disk without a base, where the task says nothing. */
const EMPTY_BYTES = 10n << 30n

function oneDisk(args: VmsArgs, vm: WantedVm, index: number): ShellText {
  const part = `${vm.disk}.part`
  const base = args.base === undefined ? sh.raw('') : sh`-F ${args.base_format} -b ${args.base}`
  const bytes = vm.diskSize ?? (args.base === undefined ? EMPTY_BYTES : undefined)
  const size = bytes === undefined ? sh.raw('') : sh`${String(bytes)}`
  const make = sh`rm -f ${part} && qemu-img create -q -f qcow2 ${base} ${part} ${size} && { mv -n ${part} ${vm.disk}; rm -f ${part}; [ -e ${vm.disk} ]; }`
  return sh`if [ -e ${vm.disk} ]; then w=kept; else w=made; fi
o=$({ [ $w = kept ] || { ${make} || { rm -f ${part}; false; }; }; } 2>&1) && echo "$w ${index}" || printf '%s\n' "$o" | sed ${`s/^/said ${index} /`}`
}

/** What a VM has on its host besides its definition. */
export const filesOf = (vm: WantedVm): string[] => [vm.disk, ...(vm.seed === undefined ? [] : [vm.seed])]

/** Takes back what this run made and could not be used: disks that are new, and their journal. Answers with what could not go, and why. */
export async function dropDisks(host: Host, args: VmsArgs, items: readonly Making[]): Promise<Map<Making, string>> {
  if (items.length === 0) return new Map()
  const each = items.map(({ vm, earlier }, i) => {
    const entry = { name: vm.name, uuid: vm.uuid, files: earlier, cloudInit: false, ssh: false }
    const rest =
      earlier.length > 0 ? writeEntries(args.fleet, [entry]) : sh`rm -f -- ${journalFile(args.fleet, vm.name)}`
    // The journal goes last: what is cut here is found again.
    return sh`o=$({ rm -f -- ${filesOf(vm)} && ${rest}; } 2>&1) || printf '%s\n' "$o" | sed ${`s/^/kept ${i} /`}`
  })
  const answer = await host.run(sh.join(each))
  const lines = answer.stdout.toString().split('\n')
  return new Map(
    items.flatMap((item, i): [Making, string][] => {
      if (answer.status !== 0) return [[item, `the script that does it ended with ${answer.status}`]]
      const said = lines.filter((line) => line.startsWith(`kept ${i} `)).map((line) => line.slice(`kept ${i} `.length))
      return said.length === 0 ? [] : [[item, said.join('; ')]]
    }),
  )
}
