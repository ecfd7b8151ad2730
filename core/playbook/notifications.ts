import { didYouMean } from '../language/index.ts'
import { type Loader, report, warn } from './loader.ts'
import type { Play, Step } from './types.ts'

/** Every step of a play, handlers too, blocks before what is in them. */
export function* allSteps(play: Play): Generator<Step> {
  for (const part of [play.preTasks, play.roleTasks, play.tasks, play.postTasks, play.handlers]) yield* below(part)
}

/** Steps of a list, blocks before what is in them. */
export function* below(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step
    if (step.kind === 'block') {
      yield* below(step.steps)
      yield* below(step.rescue)
      yield* below(step.always)
    }
  }
}

/** A notified handler must exist, where that can be known; two handlers of one name hide one another. */
export function checkNotifications(loader: Loader, play: Play, isIncomplete: boolean): void {
  const handlers = [...below(play.handlers)]
  const names = new Map<string, Step>()
  let isOpen = isIncomplete || [...allSteps(play)].some((step) => step.kind === 'include')
  for (const handler of handlers) {
    if (typeof handler.name === 'string') {
      const other = names.get(handler.name)
      if (other && other.role === handler.role) {
        const hint = `the other one stands at ${other.at.file}:${other.at.line}; only the last one runs`
        warn(loader, 'duplicate-handler', `a second handler is named '${handler.name}'`, handler.at, hint)
      }
      names.set(handler.name, handler)
      if (handler.role) names.set(`${handler.role.name} : ${handler.name}`, handler)
    } else if (handler.name !== undefined) isOpen = true
    if (handler.kind === 'task') for (const topic of handler.listen) names.set(topic, handler)
  }
  if (isOpen) return
  for (const step of allSteps(play)) {
    if (step.kind !== 'task') continue
    for (const name of step.notify) {
      if (typeof name !== 'string' || names.has(name)) continue
      const guess = didYouMean(name, names.keys())
      const hint =
        guess === undefined ? (names.size === 0 ? 'the play has no handlers' : undefined) : `did you mean ${guess}?`
      report(loader, 'unknown-handler', `no handler is named '${name}', or listens to it`, step.at, hint)
    }
  }
}
