import type { Scope } from '../types.ts'
import { Answers, Suspension } from './evaluation.ts'

/** Most lookups that one evaluation may wait for. */
const maxWaits = 10_000

/** Evaluates, and again each time a lookup's answer has come; ends when the scope's signal is aborted. */
export async function waiting<T>(scope: Scope, evaluate: (answers: Answers) => T): Promise<T> {
  const answers = new Answers()
  const { signal } = scope.environment
  for (let i = 0; i < maxWaits; i++) {
    signal?.throwIfAborted()
    try {
      return evaluate(answers)
    } catch (error) {
      if (!(error instanceof Suspension)) throw error
      await abortable(error.answer, signal)
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
