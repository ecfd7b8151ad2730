import { PythonError } from '../python/error.ts'

const maxIterations = 2_000_000
const maxOutput = 16 * 1024 * 1024
const maxDepth = 150

/** What one evaluation may use: it runs on the controller, for every host, on text that may be wrong. */
export class Budget {
  #iterations = 0
  #output = 0
  #depth = 0

  iterate(count: number): void {
    this.#iterations += count
    if (this.#iterations > maxIterations)
      throw new PythonError('OverflowError', `more than ${maxIterations} loop rounds`)
  }

  write(length: number): void {
    this.#output += length
    if (this.#output > maxOutput) throw new PythonError('OverflowError', `more than ${maxOutput} characters of output`)
  }

  /** Runs something that may contain itself: a macro, an included template, a variable made of variables. */
  nest<T>(run: () => T): T {
    if (++this.#depth > maxDepth) throw new PythonError('OverflowError', `nested deeper than ${maxDepth} levels`)
    try {
      return run()
    } finally {
      this.#depth--
    }
  }
}
