import type { EventOf, HostStatus } from '../events/types.ts'

type Result = EventOf<'host_result'>

/** Hosts on which a task came to the same thing. */
export interface ResultGroup {
  readonly hosts: string[]
  readonly result: Result
  readonly items: readonly EventOf<'host_item'>[]
}

/** One task while it runs: who is at work, and what came of it. */
export class TaskView {
  readonly started: EventOf<'task_started'>
  /** Host and the time it began, in milliseconds. */
  readonly running = new Map<string, number>()
  readonly progress = new Map<string, { message: string; percent: number | undefined }>()
  readonly results: Result[] = []
  /** The last time that was read, and what it was written as. */
  #ms = Number.NaN
  #time = ''
  readonly #items = new Map<string, EventOf<'host_item'>[]>()

  constructor(started: EventOf<'task_started'>) {
    this.started = started
  }

  get done(): boolean {
    return this.results.length >= this.started.hosts
  }

  begin(event: EventOf<'host_started'>): void {
    if (event.time !== this.#time) {
      this.#time = event.time
      this.#ms = Date.parse(event.time)
    }
    this.running.set(event.host, this.#ms)
  }

  item(event: EventOf<'host_item'>): void {
    const list = this.#items.get(event.host) ?? []
    list.push(event)
    this.#items.set(event.host, list)
  }

  finish(given: Result): void {
    const event = withoutOwnName(given)
    this.running.delete(event.host)
    this.progress.delete(event.host)
    this.results.push(event)
  }

  hasItems(host: string): boolean {
    return this.#items.has(host)
  }

  count(status: HostStatus): number {
    return this.results.filter((one) => one.status === status).length
  }

  /** Results that a reader cannot tell apart, together; the order is that of severity, then of arrival. */
  groups(): ResultGroup[] {
    const found = new Map<string, ResultGroup>()
    for (const result of this.results) {
      const items = this.#items.get(result.host) ?? []
      const key = JSON.stringify([
        result.status,
        result.ignored,
        result.rescued,
        result.message,
        result.changes,
        result.diff,
        result.result?.msg,
        items.map((one) => [one.item, one.status, one.message, one.changes]),
      ])
      const group = found.get(key)
      if (group) group.hosts.push(result.host)
      else found.set(key, { hosts: [result.host], result, items })
    }
    return [...found.values()].sort((a, b) => ORDER.indexOf(a.result.status) - ORDER.indexOf(b.result.status))
  }
}

/** `kvm1: connection refused` of kvm1: its name stands there anyway, and would keep equal results apart. */
function withoutOwnName(event: Result): Result {
  const prefix = `${event.host}: `
  return event.message?.startsWith(prefix) ? { ...event, message: event.message.slice(prefix.length) } : event
}

const ORDER: readonly HostStatus[] = ['failed', 'unreachable', 'cancelled', 'undecided', 'changed', 'ok', 'skipped']
