import { OutputTooLarge } from '../errors.ts'
import type { ShellText } from '../quote.ts'
import type { CommandOptions, CommandResult, Script } from '../types.ts'
import { LineSplitter } from './lines.ts'
import type { ScriptCommand } from './script.ts'

export const DEFAULT_MAX_OUTPUT = 16 * 1024 * 1024

/** Said of a script with a NUL byte. */
export const UNREADABLE = 'a script cannot have a NUL byte'

export type CommandState = 'queued' | 'sent' | 'begun'

/** One `run`: what was asked, what has come of it, and the promise that waits. */
export class Command {
  readonly stdin: Buffer | undefined
  readonly timeoutMs: number
  /** For the watch on the host; 0 where there is none. */
  readonly hostTimeoutMs: number
  readonly foreign: boolean
  readonly shielded: boolean
  readonly childless: boolean
  readonly result: Promise<CommandResult>
  state: CommandState = 'queued'
  /** It has an answer: nobody waits any more. */
  answered = false
  /** Called when it must be ended on the host: too much output. */
  onExcess: (() => void) | undefined
  /** Called when its first byte may come: the controller's own time limit starts. */
  onBegun: (() => void) | undefined
  private given: Script
  private readonly whenAnswered: (() => void)[] = []
  private readonly maxOutput: number
  private readonly kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  private readonly sizes = { stdout: 0, stderr: 0 }
  private readonly onLine: CommandOptions['onLine']
  private lines: LineSplitter | undefined
  private endedStreams = 0
  private startedAt = Date.now()
  private excess = false
  private resolve!: (result: CommandResult) => void
  private reject!: (error: Error) => void

  constructor(script: Script, options: CommandOptions) {
    this.given = script
    this.stdin = options.stdin === undefined ? undefined : Buffer.from(options.stdin)
    this.timeoutMs = options.timeoutMs ?? 0
    this.hostTimeoutMs = options.timeoutBy === 'controller' ? 0 : this.timeoutMs
    this.foreign = options.foreign === true || options.onLine !== undefined
    this.shielded = options.shielded === true
    this.childless = options.childless === true
    this.maxOutput = options.maxOutput ?? DEFAULT_MAX_OUTPUT
    this.onLine = options.onLine
    this.lines = this.onLine && new LineSplitter(this.onLine)
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    // The owner of the promise may come late; a rejection is never unhandled because of us.
    this.result.catch(() => undefined)
  }

  /** Calls back once it has an answer. */
  finally(callback: () => void): void {
    if (this.answered) callback()
    else this.whenAnswered.push(callback)
  }

  private settle(): void {
    this.answered = true
    for (const callback of this.whenAnswered.splice(0)) callback()
  }

  /** Raises RangeError for one that no shell can read, and whatever its maker raises. */
  get script(): ShellText {
    if (typeof this.given !== 'function') return this.given
    const made = this.given()
    if (made.text.includes('\0')) throw new RangeError(UNREADABLE)
    this.given = made
    return made
  }

  /** About what it takes on the line, in bytes. */
  get size(): number {
    return this.script.text.length + Math.ceil((this.stdin?.length ?? 0) * 1.4) + 200
  }

  scripted(seq: number): ScriptCommand {
    const { script, stdin, hostTimeoutMs, foreign, shielded, childless } = this
    return { seq, script, stdin, timeoutMs: hostTimeoutMs, foreign, shielded, childless }
  }

  sent(): void {
    this.state = 'sent'
    this.startedAt = Date.now()
  }

  begun(): void {
    if (this.state === 'begun') return
    this.state = 'begun'
    this.startedAt = Date.now()
    this.onBegun?.()
  }

  heard(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    if (this.excess) return
    if (this.sizes[stream] + bytes.length > this.maxOutput) {
      this.excess = true
      this.kept.stdout = []
      this.kept.stderr = []
      // What is shielded runs to its end first.
      if (!this.shielded) this.fail(new OutputTooLarge(this.maxOutput))
      this.onExcess?.()
      return
    }
    this.sizes[stream] += bytes.length
    // A copy: the chunk may be a slice of a large pooled buffer.
    this.kept[stream].push(Buffer.from(bytes))
    if (!this.answered) this.lines?.feed(stream, bytes)
  }

  /** Forgets what was heard before it began, which was not its own. Answers whether there was any. */
  unhear(): boolean {
    const heard = this.excess || this.sizes.stdout + this.sizes.stderr > 0
    this.kept.stdout = []
    this.kept.stderr = []
    this.sizes.stdout = this.sizes.stderr = 0
    this.excess = false
    this.lines = this.onLine && new LineSplitter(this.onLine)
    return heard
  }

  /** One of its streams has ended; the answer is given with the last. */
  ended(status: number, streams: number, merged: boolean): void {
    this.endedStreams++
    if (this.endedStreams < streams || this.answered) return
    if (this.excess) {
      this.fail(new OutputTooLarge(this.maxOutput))
      return
    }
    this.lines?.flush()
    this.settle()
    this.resolve({
      status,
      stdout: Buffer.concat(this.kept.stdout),
      stderr: Buffer.concat(this.kept.stderr),
      merged,
      durationMs: Date.now() - this.startedAt,
    })
  }

  fail(error: Error): void {
    if (this.answered) return
    this.settle()
    this.kept.stdout = []
    this.kept.stderr = []
    this.reject(error)
  }
}
