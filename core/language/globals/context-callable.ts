import type { CallContext } from '../types.ts'
import { Callable, type Value } from '../values.ts'

/** Asks for a lookup's answer: now, or, if it is a promise, by suspending the evaluation until it is there. */
export type Answer = (ask: () => Value[] | Promise<Value[]>) => Value[]

/** A global function that needs to know where it is called: `lookup` reads the environment of the scope. */
export class ContextCallable extends Callable {
  readonly callIn: (
    context: CallContext,
    args: readonly Value[],
    kwargs: ReadonlyMap<string, Value>,
    answer: Answer,
  ) => Value

  constructor(name: string, callIn: ContextCallable['callIn']) {
    super(name, () => {
      throw new TypeError(`${name} needs the place of its call`)
    })
    this.callIn = callIn
  }
}
