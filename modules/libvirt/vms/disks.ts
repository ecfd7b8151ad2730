import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { Host } from '../../../core/module/types.ts'
import { type JournalEntry, journalFile, writeEntries } from './journal.ts'
import type { WantedVm } from './wanted.ts'
import type { WantedDisk } from './wanted-disks.ts'

/** Disks that are to be made for one VM. */
export interface DiskWork {
  readonly disks: readonly WantedDisk[]
  /** That have to be there, for its seed too. */
  readonly folders: readonly string[]
  /** What its journal says from then on. */
  readonly entry: JournalEntry
}

/** What became of the disks. */
export interface Disks {
  /** Why some failed, by the name of the VM. */
  readonly failures: ReadonlyMap<string, Error>
  /** Disks that were not there before, as the host said: this run made them, or could not. */
  readonly fresh: ReadonlySet<string>
  /** The journals are written. */
  readonly noted: boolean
}

/**
 * Journal and disks of all these VMs, in one script: no disk before the whole journal is on the host's own disk. Each is made beside its
 * place and moved there whole; what is there already (from a run that was cut, and may still be making it) stays.
 */
export async function makeDisks(host: Host, fleet: string, works: readonly DiskWork[]): Promise<Disks> {
  if (works.length === 0) return { failures: new Map(), fresh: new Set(), noted: true }
  const journal = writeEntries(
    fleet,
    works.map(({ entry }) => entry),
  )
  const all = works.flatMap(({ disks, entry }) => disks.map((disk) => ({ disk, name: entry.name })))
  const folders = [...new Set(works.flatMap(({ folders }) => folders))]
  const answer = await host.run(sh`{ ${journal}${folders.length === 0 ? sh`` : sh` && mkdir -p ${folders}`}; } || exit 1
echo ${NOTED}
${sh.join(all.map(({ disk }, i) => oneDisk(disk, i)))}`)
  const lines = answer.stdout.toString().split('\n')
  const ended = new Set(lines)
  const failures = new Map<string, Error>()
  const fresh = new Set<string>()
  const noted = ended.has(NOTED)
  const general = answer.stderr.toString().trim() || `the script that does it ended with ${answer.status}`
  if (!noted) for (const { entry } of works) failures.set(entry.name, new Error(general))
  for (const [i, { disk, name }] of all.entries()) {
    const said = lines.filter((l) => l.startsWith(`said ${i} `)).map((l) => l.slice(`said ${i} `.length))
    const isMade = ended.has(`made ${i}`)
    if (isMade || said.length > 0) fresh.add(disk.file)
    if (!isMade && !ended.has(`kept ${i}`) && !failures.has(name))
      failures.set(name, new Error(said.join('\n') || general))
  }
  return { failures, fresh, noted }
}

/** Said when the journal is written and the folders are there. */
const NOTED = 'noted'

/** Of a disk without a base, where the task says nothing. */
const EMPTY_BYTES = 10n << 30n

function oneDisk({ file, base, size }: WantedDisk, index: number): ShellText {
  const part = `${file}.part`
  const backing = base === undefined ? sh.raw('') : sh`-F ${base.format} -b ${base.file}`
  const bytes = size ?? (base === undefined ? EMPTY_BYTES : undefined)
  const length = bytes === undefined ? sh.raw('') : sh`${String(bytes)}`
  const make = sh`rm -f ${part} && qemu-img create -q -f qcow2 ${backing} ${part} ${length} && { mv -n ${part} ${file}; rm -f ${part}; [ -e ${file} ]; }`
  return sh`if [ -e ${file} ]; then w=kept; else w=made; fi
o=$({ [ $w = kept ] || { ${make} || { rm -f ${part}; false; }; }; } 2>&1) && echo "$w ${index}" || printf '%s\n' "$o" | sed ${`s/^/said ${index} /`}`
}

/** What a VM has on its host besides its definition. */
export const filesOf = ({ disks, seed }: WantedVm): string[] => [
  ...disks.map(({ file }) => file),
  ...(seed === undefined ? [] : [seed]),
]

/** Files that a run made and that are not to stay, and the journal without them; undefined: none is left of it. */
export interface Dropping {
  readonly name: string
  readonly files: readonly string[]
  readonly entry: JournalEntry | undefined
}

/** Takes back what this run made and could not be used. Answers with what could not go, and why, by the name of the VM. */
export async function dropFiles(
  host: Host,
  fleet: string,
  droppings: readonly Dropping[],
): Promise<Map<string, string>> {
  if (droppings.length === 0) return new Map()
  const each = droppings.map(({ name, files, entry }, i) => {
    const rest = entry ? writeEntries(fleet, [entry]) : sh`rm -f -- ${journalFile(fleet, name)}`
    // The journal goes last: what is cut here is found again.
    return sh`o=$({ rm -f -- ${files} && ${rest}; } 2>&1) || printf '%s\n' "$o" | sed ${`s/^/kept ${i} /`}`
  })
  const answer = await host.run(sh.join(each))
  const lines = answer.stdout.toString().split('\n')
  return new Map(
    droppings.flatMap(({ name }, i): [string, string][] => {
      if (answer.status !== 0) return [[name, `the script that does it ended with ${answer.status}`]]
      const said = lines.filter((line) => line.startsWith(`kept ${i} `)).map((line) => line.slice(`kept ${i} `.length))
      return said.length === 0 ? [] : [[name, said.join('; ')]]
    }),
  )
}
