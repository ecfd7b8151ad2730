import { type ShellText, sh } from '../../../core/connection/quote.ts'

/*
 * What this fleet made on a host: one file for each VM, written before anything is created. Clean-up removes only what
 * stands here.
 */
const ROOT = '/var/lib/virtfleet/vms'

/** One VM of ours. */
export interface JournalEntry {
  readonly name: string
  readonly uuid: string
  /** Files we made. */
  readonly files: readonly string[]
  /** Somebody has waited for the end of its cloud-init, and it ended well. */
  readonly cloudInit: boolean
  /** Somebody has waited for its SSH server, and it answered. */
  readonly ssh: boolean
}

export const journalFolder = (fleet: string): string => `${ROOT}/${fleet}`
export const journalFile = (fleet: string, name: string): string => `${ROOT}/${fleet}/${name}.json`

/** Prints every entry of a fleet, one JSON document a line. */
export function readJournal(fleet: string): ShellText {
  return sh`for f in ${journalFolder(fleet)}/*.json; do [ -f "$f" ] && cat "$f" && echo; done; true`
}

/** Entries that can be read; a torn one was never followed by a creation. */
export function parseJournal(output: string): JournalEntry[] {
  return output.split('\n').flatMap((line) => {
    const entry = parseEntry(line)
    return entry ? [entry] : []
  })
}

function parseEntry(line: string): JournalEntry | undefined {
  if (line.trim() === '') return undefined
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { name, uuid, files, cloudInit, ssh } = value as Record<string, unknown>
  if (typeof name !== 'string' || typeof uuid !== 'string' || !Array.isArray(files)) return undefined
  const paths = files.filter((f): f is string => typeof f === 'string' && f.startsWith('/'))
  return { name, uuid, files: paths, cloudInit: cloudInit === true, ssh: ssh === true }
}

/**
 * Writes entries, each whole or not at all, and fails where one could not be. What follows may count on them after a power cut too: they are
 * on disk. (An old sync(1) takes no names, and writes everything out.)
 */
export function writeEntries(fleet: string, entries: readonly JournalEntry[]): ShellText {
  const folder = journalFolder(fleet)
  const files = entries.map(({ name }) => journalFile(fleet, name))
  const parts = files.map((file) => `${file}.tmp`)
  const onDisk = (names: readonly string[]): ShellText =>
    sh`{ if [ "$vf_sync" ]; then sync -- ${names}; else sync; fi; }`
  return sh.join(
    [
      sh`mkdir -p ${folder}`,
      sh`{ vf_sync=; sync -- ${folder} 2>/dev/null && vf_sync=1 || :; }`,
      ...entries.map((entry, i) => sh`printf '%s\n' ${JSON.stringify(entry)} >${parts[i] ?? ''}`),
      onDisk(parts),
      ...files.map((file, i) => sh`mv -f ${parts[i] ?? ''} ${file}`),
      onDisk([folder]),
    ],
    ' && ',
  )
}
