import type { EventOf, HostStatus } from '../events/types.ts'
import { changeLine, changeText, diffLines } from './changes.ts'
import { foldHosts } from './hosts.ts'
import type { Paint } from './paint.ts'
import { oneLine, printable } from './printable.ts'
import { messageLines, outputLines } from './result-output.ts'
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
const isDebug = (view: TaskView): boolean => /(^|\.)debug$/.test(view.started.module)
const isMessage = (view: TaskView, result: EventOf<'host_result'>): boolean =>
  isDebug(view) && result.status === 'ok' && (result.result !== undefined || view.hasItems(result.host))

/** `role : name`, as Ansible titles tasks. */
export function titleOf(started: EventOf<'task_started'>): string {
  return oneLine(started.role === undefined ? started.name : `${started.role} : ${started.name}`, 300)
}

/** Different results of one task that are told without -v. */
const MOST_GROUPS = 8

/** A finished task: a line with what came of it, then what differs. */
export function taskText(view: TaskView, options: TextOptions): string[] {
  const { paint } = options
  const worst = view.groups()[0]?.result.status ?? 'skipped'
  const mark = colour(paint, worst)(MARKS[worst])
  const handler = view.started.handler ? paint.dim('handler ') : ''
  const lines = [`  ${mark} ${handler}${titleOf(view.started)}  ${counts(view, options)}${duration(view, paint)}`]
  const groups = view.groups().map((group) => ({ group, text: groupText(group, view, options) }))
  const told = groups.filter((one) => one.text.length > 0)
  const most = options.verbosity > 0 ? told.length : MOST_GROUPS
  for (const { text } of told.slice(0, most)) lines.push(...text.map((line) => `      ${line}`))
  const rest = told.slice(most).flatMap(({ group }) => group.hosts)
  if (rest.length > 0)
    lines.push(
      `      ${paint.dim(`… and ${rest.length} hosts that came to something else each; -v shows them: ${foldHosts(rest)}`)}`,
    )
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
  const to = result.delegated_to === undefined ? '' : paint.dim(` → ${oneLine(result.delegated_to, 100)}`)
  const flags = [result.ignored ? 'ignored' : '', result.rescued ? 'rescued' : '']
    .filter((one) => one !== '')
    .join(', ')
  const message = saidOf(group, view)
  const body = [...message.slice(1), ...detail(group, view, options)]
  const head = `${name}${to}${flags ? paint.dim(` (${flags})`) : ''}${message[0] === undefined ? '' : `: ${message[0]}`}`
  if (message.length === 0 && body.length === 0 && quiet && verbosity === 0) return []
  return [head, ...body.map((line) => `  ${line}`)]
}

/** What the result says in words. Nothing where what is listed below says it. */
function saidOf({ result, items }: ResultGroup, view: TaskView): string[] {
  if (isMessage(view, result)) {
    const told = items.length === 0 ? messageLines(result.result, 0) : []
    return told.length === 1 ? told : []
  }
  if (result.status === 'ok' && pendingChanges(result)) return []
  const lines = printable(result.message ?? '').split('\n')
  const { rc } = result.result ?? {}
  if (lines[0] === 'non-zero return code' && typeof rc === 'number') lines[0] = `non-zero return code (${rc})`
  return lines.length === 1 && lines[0] === '' ? [] : lines
}

const MOST_ITEMS = 10

function detail(group: ResultGroup, view: TaskView, options: TextOptions): string[] {
  const { paint, verbosity, diff } = options
  const { result, items } = group
  const lines: string[] = []
  const told = items.filter(
    (one) => verbosity > 0 || isDebug(view) || (one.status !== 'ok' && one.status !== 'skipped'),
  )
  // Failed ones are told before any limit.
  const order = [...told.filter(isBad), ...told.filter((one) => !isBad(one))]
  const kept = new Set(verbosity > 0 ? told : order.slice(0, MOST_ITEMS))
  for (const one of told) if (kept.has(one)) lines.push(...itemLines(one, options))
  if (told.length > kept.size) lines.push(paint.dim(`… and ${told.length - kept.size} more items; -v shows all`))
  if (items.length === 0) {
    const texts = diff ? (result.diff ?? []) : []
    const shown = new Set(texts.map((text) => text.header))
    for (const change of result.changes ?? [])
      if (!(diff && (change.path === 'content' || shown.has(change.path)) && texts.length > 0))
        lines.push(changeLine(change, paint))
    lines.push(...texts.flatMap((text) => diffLines(text, paint)))
    const words = isMessage(view, result) ? messageLines(result.result, verbosity) : []
    if (words.length > 1) lines.push(...words)
  }
  if (result.status === 'failed' || (verbosity > 0 && result.result))
    lines.push(...outputLines(result.result, result.message ?? '', paint, verbosity))
  return lines
}

type Item = EventOf<'host_item'>
const isBad = (item: Item): boolean => item.status === 'failed' || item.status === 'unreachable'

/** An item with one change takes one line. */
function itemLines(item: Item, { paint, diff }: TextOptions): string[] {
  const said = item.message ?? messageOf(item.result) ?? ''
  const text = said === '' ? '' : oneLine(said, 160)
  const changes = item.changes ?? []
  const only = changes.length === 1 && text === '' ? changeText(changes[0]!, paint) : ''
  const tail = text !== '' ? `: ${text}` : only !== '' ? `: ${only}` : ''
  return [
    `${colour(paint, item.status)(MARKS[item.status])} ${oneLine(item.item, 60)}${tail}`,
    ...(only === '' ? changes.map((change) => `    ${changeLine(change, paint)}`) : []),
    ...(diff ? (item.diff ?? []).flatMap((one) => diffLines(one, paint)) : []),
  ]
}

function messageOf(result: EventOf<'host_result'>['result']): string | undefined {
  return typeof result?.msg === 'string' ? result.msg : undefined
}
