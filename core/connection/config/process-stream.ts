import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { Duplex } from 'node:stream'

/**
 * A process's standard input and output as one stream, with back-pressure; ending and destroying it do what they say,
 * and destroying it ends the process. (Duplex.from raises an AbortError when it is destroyed.)
 */
export class ProcessStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #end: () => void

  /** `end` ends the process; called once, when the stream is destroyed. */
  constructor(child: ChildProcessWithoutNullStreams, end: () => void) {
    super({ allowHalfOpen: true })
    this.#child = child
    this.#end = end
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause()
    })
    child.stdout.on('end', () => this.push(null))
    child.stdout.on('error', (error) => this.destroy(error))
    child.stdin.on('error', (error) => this.destroy(error))
    child.on('error', (error) => this.destroy(error))
  }

  override _read(): void {
    this.#child.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#child.stdin.write(chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#end()
    this.#child.stdin.destroy()
    this.#child.stdout.destroy()
    done(error)
  }
}
