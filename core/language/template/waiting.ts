import type { Scope } from '../types.ts'
import { Answers, Suspension } from './evaluation.ts'

/** Most lookups that one evaluation may wait for. */
const maxWaits = 10_000

/**
 * Evaluates, and again each time a lookup's answer has come; ends when the scope's signal is aborted. A promise only where
 * there was something to wait for.
 */
export function waiting<T>(scope: Scope, evaluate: (answers: Answers) => T): T | Promise<T> {
  const answers = new Answers()
  scope.environment.signal?.throwIfAborted()
  try {
    return evaluate(answers)
  } catch (error) {
    if (error instanceof Suspension) return again(scope, () => evaluate(answers), error)
    throw error
  }
}

async function again<T>(scope: Scope, evaluate: () => T, first: Suspension): Promise<T> {
  const { signal } = scope.environment
  let { answer } = first
  for (let i = 1; i < maxWaits; i++) {
    await abortable(answer, signal)
    signal?.throwIfAborted()
    try {
      return evaluate()
    } catch (error) {
      if (!(error instanceof Suspension)) throw error
      answer = error.answer
    }
  }
  throw new RangeError(`a template waited for more than ${maxWaits} lookups`)
}

async function abortable(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
