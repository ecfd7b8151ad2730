import type { EventOf, HostStats } from '../events/types.ts'
import { foldHosts } from './hosts.ts'
import { sortNaturally } from './natural.ts'
import type { Paint } from './paint.ts'
import { oneLine, printable } from './printable.ts'
import { clock } from './status-lines.ts'

/** From how many hosts on hosts with the same numbers share a line. */
const FOLD_FROM = 12

/** The last lines of a run: each host's counters in Ansible's words, and how it ended. */
export function recapLines(event: EventOf<'run_finished'>, paint: Paint): string[] {
  const rows = rowsOf(event.stats, event.undecided)
  const width = Math.max(0, ...rows.map((row) => row.name.length))
  const lines = rows.map(({ name, stats, undecided }) => {
    const bad = stats.failed > 0 || stats.unreachable > 0
    const tint = bad ? paint.red : undecided > 0 ? paint.magenta : stats.changed > 0 ? paint.yellow : paint.green
    return `${tint(name.padEnd(width))} : ${counters(stats, paint)}${undecided > 0 ? paint.magenta(`    undecided=${undecided}`) : ''}`
  })
  const ending = event.stopped_at === undefined ? '' : `stopped at ${printable(event.stopped_at)}`
  return [
    '',
    ...lines,
    ...(ending === '' ? [] : [paint.red(ending)]),
    paint.dim(`${rows.length === 0 ? 'no hosts, ' : ''}${clock(event.duration_ms)}, exit code ${event.exit_code}`),
  ]
}

interface Row {
  readonly name: string
  readonly stats: HostStats
  readonly undecided: number
}

function rowsOf(stats: Readonly<Record<string, HostStats>>, undecided: Readonly<Record<string, number>>): Row[] {
  const names = sortNaturally(Object.keys(stats), (name) => name)
  if (names.length < FOLD_FROM)
    return names.map((name) => ({ name: printable(name), stats: stats[name]!, undecided: undecided[name] ?? 0 }))
  const same = new Map<string, string[]>()
  for (const name of names) {
    const key = JSON.stringify([stats[name], undecided[name] ?? 0])
    same.set(key, [...(same.get(key) ?? []), name])
  }
  return [...same.values()].map((hosts) => ({
    name: foldHosts(hosts),
    stats: stats[hosts[0]!]!,
    undecided: undecided[hosts[0]!] ?? 0,
  }))
}

function counters(stats: HostStats, paint: Paint): string {
  const names = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const
  return names
    .map((name) => {
      const text = `${name}=${stats[name]}`.padEnd(name.length + 5)
      if (stats[name] === 0) return paint.dim(text)
      return name === 'failed' || name === 'unreachable'
        ? paint.red(text)
        : name === 'changed'
          ? paint.yellow(text)
          : text
    })
    .join('')
    .trimEnd()
}

export interface Failure {
  readonly host: string
  readonly task: string
  /** One line, printable. */
  readonly reason: string
}

const SHOWN_FAILURES = 20

/** What failed and where, once more: on a long run it has scrolled away. */
export function failureLines(failures: readonly Failure[], paint: Paint): string[] {
  const groups = new Map<string, Failure[]>()
  for (const one of failures) {
    const key = JSON.stringify([one.task, one.reason.replaceAll(one.host, '')])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  if (groups.size === 0) return []
  const lines = [...groups.values()].map((group) => {
    const hosts = foldHosts(group.map((one) => one.host))
    return `${paint.red('✗')} ${paint.red(hosts)}  ${oneLine(group[0]!.task, 80)}: ${oneLine(group[0]!.reason, 160)}`
  })
  const more = lines.length - SHOWN_FAILURES
  return ['', ...lines.slice(0, SHOWN_FAILURES), ...(more > 0 ? [paint.dim(`  … and ${more} more`)] : [])]
}
