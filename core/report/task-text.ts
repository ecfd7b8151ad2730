import type { EventOf, HostStatus } from '../events/types.ts'
import { changeLine, diffLines } from './changes.ts'
import { foldHosts } from './hosts.ts'
import type { Paint } from './paint.ts'
import { oneLine, printable } from './printable.ts'
import type { ResultGroup, TaskView } from './task-view.ts'

export interface TextOptions {
  readonly paint: Paint
  readonly verbosity: number
  readonly diff: boolean
  readonly check: boolean
}

const MARKS: Record<HostStatus, string> = {
  ok: '✓',
  changed: '~',
  skipped: '-',
  failed: '✗',
  unreachable: '✗',
  cancelled: '■',
  undecided: '?',
}

function colour(paint: Paint, status: HostStatus): (text: string) => string {
  if (status === 'failed' || status === 'unreachable') return paint.red
  if (status === 'changed') return paint.yellow
  if (status === 'undecided' || status === 'cancelled') return paint.magenta
  return status === 'ok' ? paint.green : paint.dim
}

/** Whether a finished task has anything that the reader must see without -v. */
export function matters(view: TaskView): boolean {
  return view.results.some(
    (one) =>
      (one.status !== 'ok' && one.status !== 'skipped') || one.ignored || pendingChanges(one) || isMessage(view, one),
  )
}

const pendingChanges = (result: EventOf<'host_result'>): boolean =>
  (result.changes ?? []).some((one) => one.effect === 'pending')
const isMessage = (view: TaskView, result: EventOf<'host_result'>): boolean =>
  /(^|\.)debug$/.test(view.started.module) && result.status === 'ok' && result.result !== undefined

/** `role : name`, as Ansible titles tasks. */
export function titleOf(started: EventOf<'task_started'>): string {
  return printable(started.role === undefined ? started.name : `${started.role} : ${started.name}`)
}

/** A finished task: a line with what came of it, then what differs. */
export function taskText(view: TaskView, options: TextOptions): string[] {
  const { paint } = options
  const worst = view.groups()[0]?.result.status ?? 'skipped'
  const mark = colour(paint, worst)(MARKS[worst])
  const handler = view.started.handler ? paint.dim('handler ') : ''
  const lines = [`  ${mark} ${handler}${titleOf(view.started)}  ${counts(view, options)}${duration(view, paint)}`]
  for (const group of view.groups()) lines.push(...groupText(group, view, options).map((line) => `      ${line}`))
  return lines
}

function counts(view: TaskView, { paint, check }: TextOptions): string {
  const words: Record<HostStatus, string> = {
    ok: 'ok',
    changed: check ? 'would change' : 'changed',
    skipped: 'skipped',
    failed: 'failed',
    unreachable: 'unreachable',
    cancelled: 'cancelled',
    undecided: 'undecided',
  }
  return (Object.keys(words) as HostStatus[])
    .filter((status) => view.count(status) > 0)
    .map((status) => colour(paint, status)(`${view.count(status)} ${words[status]}`))
    .join(paint.dim(', '))
}

function duration(view: TaskView, paint: Paint): string {
  const ms = Math.max(0, ...view.results.map((one) => one.duration_ms))
  return ms >= 1000 ? paint.dim(`  ${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`) : ''
}

function groupText(group: ResultGroup, view: TaskView, options: TextOptions): string[] {
  const { paint, verbosity } = options
  const { result } = group
  const quiet = (result.status === 'ok' || result.status === 'skipped') && !result.ignored && !pendingChanges(result)
  if (quiet && verbosity === 0 && !isMessage(view, result)) return []
  const name = colour(paint, result.status)(foldHosts(group.hosts))
  const to = result.delegated_to === undefined ? '' : paint.dim(` → ${result.delegated_to}`)
  const flags = [result.ignored ? 'ignored' : '', result.rescued ? 'rescued' : '']
    .filter((one) => one !== '')
    .join(', ')
  const message = result.message ?? ''
  const head = `${name}${to}${flags ? paint.dim(` (${flags})`) : ''}${message === '' ? '' : `: ${firstLine(message)}`}`
  const body = [...restLines(message), ...detail(group, view, options)]
  if (message === '' && body.length === 0 && quiet && verbosity === 0) return []
  return [head, ...body.map((line) => `  ${line}`)]
}

const firstLine = (text: string): string => printable(text).split('\n')[0]!
const restLines = (text: string): string[] => printable(text).split('\n').slice(1)

function detail(group: ResultGroup, view: TaskView, options: TextOptions): string[] {
  const { paint, verbosity, diff } = options
  const { result, items } = group
  const lines: string[] = []
  for (const one of items) {
    if ((one.status === 'ok' || one.status === 'skipped') && verbosity === 0 && !isMessage(view, result)) continue
    const text = one.message ?? messageOf(one.result) ?? ''
    lines.push(
      `${colour(paint, one.status)(MARKS[one.status])} ${oneLine(one.item, 60)}${text === '' ? '' : `: ${oneLine(text, 160)}`}`,
    )
    lines.push(...(one.changes ?? []).map((change) => `    ${changeLine(change, paint)}`))
    if (diff) lines.push(...(one.diff ?? []).flatMap((text) => diffLines(text, paint)))
  }
  if (items.length === 0) {
    const texts = diff ? (result.diff ?? []) : []
    const shown = new Set(texts.map((text) => text.header))
    for (const change of result.changes ?? [])
      if (!(diff && (change.path === 'content' || shown.has(change.path)) && texts.length > 0))
        lines.push(changeLine(change, paint))
    lines.push(...texts.flatMap((text) => diffLines(text, paint)))
    if (isMessage(view, result)) lines.push(...messageLines(result.result))
  }
  if (result.status === 'failed' || (verbosity > 0 && result.result))
    lines.push(...outputLines(result.result, paint, verbosity))
  return lines
}

function messageOf(result: EventOf<'host_result'>['result']): string | undefined {
  return typeof result?.msg === 'string' ? result.msg : undefined
}

/** What debug says: text as text, anything else as JSON. */
function messageLines(result: EventOf<'host_result'>['result']): string[] {
  const entries = Object.entries(result ?? {}).filter(([name]) => !['changed', 'failed', 'skipped'].includes(name))
  return entries.flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
    return printable(name === 'msg' ? text : `${name}: ${text}`).split('\n')
  })
}

const OUTPUT_LINES = 20

/** The last lines of a command's output: with a failure, and under -v. */
function outputLines(result: EventOf<'host_result'>['result'], paint: Paint, verbosity: number): string[] {
  const lines: string[] = []
  for (const stream of ['stdout', 'stderr'] as const) {
    const text = result?.[stream]
    if (typeof text !== 'string' || text === '') continue
    const all = printable(text).split('\n')
    const shown = verbosity > 1 ? all : all.slice(-OUTPUT_LINES)
    if (shown.length < all.length)
      lines.push(paint.dim(`… ${all.length - shown.length} lines of ${stream} before; -vv shows all`))
    lines.push(...shown.map((line) => `${paint.dim('│')} ${line}`))
  }
  return lines
}
