import type { ShellText } from '../quote.ts'
import type { Aside } from '../types.ts'

/** What an aside needs of the session that keeps it. */
export interface AsideHost {
  write(line: string): void
  /** No answer is due any more: commands may go on. */
  answered(): void
  /** Nothing is kept any more. */
  left(): void
  /** Resolves once a job whose commands have all answered is over. */
  rested(): Promise<void>
}

/** Lines to the listening shell beside the batches, and its answers, in order. */
export class SessionAside implements Aside {
  readonly first: Promise<string | undefined>
  readonly ended: Promise<string>
  /** Nothing is kept any more: it was closed, or the shell has ended. */
  readonly gone: Promise<void>
  private readonly host: AsideHost
  private readonly asked: ((answer: string | undefined) => void)[] = []
  private over: ((reason: string) => void) | undefined
  private isClosed = false
  private leave: () => void = () => undefined

  /** Its script has been sent, or is about to be. */
  constructor(host: AsideHost) {
    this.host = host
    this.ended = new Promise((resolve) => {
      this.over = resolve
    })
    this.gone = new Promise((resolve) => {
      this.leave = resolve
    })
    this.first = this.next()
  }

  /** While an answer is due no batch begins: it would change the nonce that marks are known by. */
  get waits(): boolean {
    return this.asked.length > 0
  }

  get isKept(): boolean {
    return !this.isClosed && this.over !== undefined
  }

  tell(line: ShellText): void {
    if (this.isKept) this.host.write(line.text)
  }

  ask(line: ShellText): Promise<string | undefined> {
    if (!this.isKept) return Promise.resolve(undefined)
    this.host.write(line.text)
    return this.next()
  }

  async end(line: ShellText): Promise<string | undefined> {
    await this.host.rested()
    const answer = this.ask(line)
    if (this.isClosed) return answer
    this.isClosed = true
    this.leave()
    this.host.left()
    return answer
  }

  heard(answer: string): void {
    this.asked.shift()?.(answer)
    if (!this.waits) this.host.answered()
  }

  /** The shell has ended. */
  lost(reason: string): void {
    this.over?.(reason)
    this.over = undefined
    this.leave()
    for (const resolve of this.asked.splice(0)) resolve(undefined)
  }

  private next(): Promise<string | undefined> {
    return new Promise((resolve) => this.asked.push(resolve))
  }
}
