import type { Readable } from 'node:stream'

/** No answer of the lease's script is longer; a host that says more says nothing we know. */
const LONGEST = 64 * 1024

/** The lines that the lease's script answers, one for each question. There is one for each host of a run, so it is small. */
export class Answers {
  readonly #stream: Readable
  #text = ''
  #over = false
  #wake: (() => void) | undefined

  constructor(stream: Readable) {
    this.#stream = stream
    stream.on('data', this.#take)
    for (const end of ['end', 'close', 'error']) stream.on(end, this.#end)
  }

  /** Undefined: there are no more. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 1)
        return line
      }
      if (this.#over) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Nothing is asked any more; what comes is thrown away. */
  close(): void {
    this.#stream.off('data', this.#take)
    this.#stream.resume()
    this.#end()
  }

  #take = (bytes: Buffer): void => {
    this.#text += bytes.toString('utf8')
    if (this.#text.length > LONGEST) this.#over = true
    this.#wake?.()
  }

  #end = (): void => {
    this.#over = true
    this.#wake?.()
  }
}
