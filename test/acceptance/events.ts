import { readFileSync } from 'node:fs'
import type { EventOf, RunEvent } from '../../core/events/index.ts'

/** The events that a run left in a file. */
export function readEvents(file: string): RunEvent[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent)
}

export function finished(events: readonly RunEvent[]): EventOf<'run_finished'> {
  const last = events.at(-1)
  if (last?.event !== 'run_finished') throw new Error(`the last event is ${last?.event}`)
  return last
}

/** Results by play, task and host; the same task in a loop of includes has several. */
export function resultsByTask(events: readonly RunEvent[]): Map<string, EventOf<'host_result'>> {
  const names = new Map<string, string>()
  const found = new Map<string, EventOf<'host_result'>>()
  for (const event of events) {
    if (event.event === 'task_started')
      names.set(event.task, `${event.play} ${event.at?.file}:${event.at?.line} ${event.name}`)
    if (event.event === 'host_result') found.set(`${names.get(event.task)} on ${event.host}`, event)
  }
  return found
}
