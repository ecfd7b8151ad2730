import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { RunOutcome } from '../../../../core/engine/index.ts'
import type { RunEvent } from '../../../../core/events/index.ts'

/** What a run shows and leaves, as far as it must not depend on how its probes travel. */
export interface Observed {
  readonly exitCode: number
  readonly stats: RunOutcome['stats']
  readonly undecided: unknown
  /** Events of each host, in order; the task by its name. */
  readonly hosts: Readonly<Record<string, readonly string[]>>
  readonly diagnostics: readonly string[]
  /** Everything below the world's folder: logs of effects too. */
  readonly files: Readonly<Record<string, string>>
}

/** Times and numbers of the file system, and what only says when something happened. */
const VOLATILE = new Set([
  ...['atime', 'mtime', 'ctime', 'inode', 'dev', 'start', 'end', 'delta', 'backup_file'],
  ...['time', 'run', 'seq', 'duration_ms', 'task', 'event'],
])

/** Names drawn by lot. */
const TEMPORARY = /\.virtfleet-[0-9a-f]{16}/g

export function observe(events: readonly RunEvent[], outcome: RunOutcome, folder: string): Observed {
  const names = new Map(events.flatMap((one) => (one.event === 'task_started' ? [[one.task, one.name] as const] : [])))
  const hosts: Record<string, string[]> = {}
  const diagnostics: string[] = []
  for (const event of events) {
    if (event.event === 'diagnostic')
      diagnostics.push(event.message.replace(/h\d(, h\d)+/, (hosts) => hosts.split(', ').sort().join(', ')))
    if (!('host' in event) || event.event === 'host_progress') continue
    const said = JSON.stringify(event, (key, value) => (VOLATILE.has(key) ? undefined : value))
    const told = hosts[event.host] ?? []
    hosts[event.host] = told
    told.push(`${event.event} ${names.get(event.task)} ${said.replace(TEMPORARY, 'TEMPORARY')}`)
  }
  const { exitCode, stats, undecided } = outcome
  return { exitCode, stats, undecided, hosts, diagnostics: diagnostics.sort(), files: filesBelow(folder) }
}

function filesBelow(folder: string, prefix = '', found: Record<string, string> = {}): Record<string, string> {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const { mode, uid, gid } = lstatSync(path)
    const kind = (mode & 0o170000).toString(8)
    const content = kind === '120000' ? readlinkSync(path) : kind === '100000' ? readFileSync(path, 'latin1') : ''
    found[prefix + name] = `${mode.toString(8)} ${uid}:${gid} ${content}`
    if (kind === '40000') filesBelow(path, `${prefix}${name}/`, found)
  }
  return found
}

/** The first thing that differs, for people; undefined: nothing does. */
export function difference(a: Observed, b: Observed): string | undefined {
  for (const key of ['hosts', 'files', 'stats', 'undecided'] as const) {
    const [left, right] = [a[key] as Record<string, unknown>, b[key] as Record<string, unknown>]
    for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const [one, other] = [left[name], right[name]]
      if (JSON.stringify(one) === JSON.stringify(other)) continue
      if (!Array.isArray(one) || !Array.isArray(other))
        return `${key} ${name}: ${JSON.stringify(one)} or ${JSON.stringify(other)}`
      const at = [...one, ...other].findIndex((_, i) => one[i] !== other[i])
      return `${name}:\n  ${one[at]}\nor\n  ${other[at]}`
    }
  }
  if (a.exitCode !== b.exitCode) return `exit code ${a.exitCode} or ${b.exitCode}`
  if (a.diagnostics.join('\n') !== b.diagnostics.join('\n'))
    return `${a.diagnostics.join('\n')}\nor\n${b.diagnostics.join('\n')}`
  return undefined
}
