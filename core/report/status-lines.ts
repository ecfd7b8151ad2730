import { foldHosts } from './hosts.ts'
import type { LiveLine } from './live.ts'
import type { Paint } from './paint.ts'
import { titleOf } from './task-text.ts'
import type { TaskView } from './task-view.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** A host that takes longer than that is named, with its time. */
const SLOW_MS = 3000
const SHOWN_TASKS = 3
const SHOWN_HOSTS = 4

/** What is going on now: each running task, how far it is, and who is being waited for. */
export function statusLines(
  views: readonly TaskView[],
  now: number,
  notice: string | undefined,
  paint: Paint,
): LiveLine[] {
  const spinner = FRAMES[Math.floor(now / 100) % FRAMES.length]!
  const running = views.filter((view) => !view.done)
  const lines = running.slice(0, SHOWN_TASKS).flatMap((view) => taskLines(view, now, spinner, paint))
  if (running.length > SHOWN_TASKS)
    lines.push({ text: `  … and ${running.length - SHOWN_TASKS} more tasks`, paint: paint.dim })
  if (notice !== undefined) lines.unshift({ text: notice, paint: paint.red })
  return lines
}

function taskLines(view: TaskView, now: number, spinner: string, paint: Paint): LiveLine[] {
  const slow = [...view.running].filter(([, since]) => now - since > SLOW_MS)
  const oldest = Math.max(0, ...slow.map(([, since]) => now - since))
  const waiting = slow.length === 0 ? '' : `  waiting for ${shorten(slow.map(([host]) => host))} (${clock(oldest)})`
  const done = view.started.hosts > 1 ? `  ${view.results.length}/${view.started.hosts}` : ''
  const lines: LiveLine[] = [{ text: `  ${spinner} ${titleOf(view.started)}${done}${waiting}`, paint: paint.cyan }]
  for (const [host, { message, percent }] of [...view.progress].slice(0, SHOWN_HOSTS)) {
    const far = percent === undefined ? '' : `${bar(percent)} ${String(Math.floor(percent)).padStart(3)}% `
    lines.push({ text: `      ${host}: ${far}${message}`, paint: paint.dim })
  }
  if (view.progress.size > SHOWN_HOSTS)
    lines.push({ text: `      … and ${view.progress.size - SHOWN_HOSTS} more hosts`, paint: paint.dim })
  return lines
}

const BAR = 12

function bar(percent: number): string {
  const full = Math.max(0, Math.min(BAR, Math.round((percent / 100) * BAR)))
  return '█'.repeat(full) + '░'.repeat(BAR - full)
}

function shorten(hosts: readonly string[]): string {
  const text = foldHosts(hosts)
  return text.length <= 50 ? text : `${hosts.length} hosts`
}

/** `42 s`, `3:07`. */
export function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
