import { CommandTimeout, ConnectionError } from '../errors.ts'
import type { ShellText } from '../quote.ts'
import type { Aside, CommandOptions, CommandResult, Script, Shell } from '../types.ts'
import { Aborts } from './aborts.ts'
import { Command, UNREADABLE } from './command.ts'
import { Session } from './session.ts'
import type { Started } from './start.ts'

/** Script of unanswered commands in flight, so that neither end can block the other. */
const MAX_IN_FLIGHT = 256 * 1024
/** Larger input goes through a channel of its own. */
export const LARGE_INPUT = 96 * 1024
/** How much longer this side waits for a limit that the host keeps. */
const HOST_GRACE_MS = 2000

const isLarge = (stdin: CommandOptions['stdin']): boolean =>
  stdin !== undefined && Buffer.byteLength(stdin) > LARGE_INPUT

/**
 * Whether a command given to a shell runs after all that were given to it before, and before all that are given later. Not
 * so where it takes a channel of its own: lines as they come, and large input. What a foreign command leaves behind in the
 * background is in no order with anything.
 */
export const ordered = (options: CommandOptions): boolean => options.onLine === undefined && !isLarge(options.stdin)

export interface ShellHost {
  readonly name: string
  readonly shellPath: string
  /** Opens one more shell of this user. */
  start(): Promise<Started>
  /** Runs one command with large input on a channel of its own. */
  runWithInput(script: ShellText, stdin: Buffer, options: CommandOptions): Promise<CommandResult>
}

/** The shell of one user: a queue in front of a session, with spares for lines as they come and for sessions that retired. */
export class UserShell implements Shell {
  readonly user: string
  /** What its first shell was given with its prelude. */
  readonly opened: Aside | undefined
  private readonly host: ShellHost
  private readonly queue: Command[] = []
  private session: Session | undefined
  private replacing: Promise<void> | undefined
  private readonly streaming: Session[] = []
  private readonly all = new Set<Session>()
  private readonly aborts = new Aborts()
  private flushing = false
  private sending = false
  private closed = false
  private count = 0

  constructor(host: ShellHost, started: Started) {
    this.host = host
    this.user = started.user
    this.session = this.adopt(started)
    this.opened = started.keeps ? this.session.keep() : undefined
  }

  get writes(): number {
    return this.count
  }

  run(script: Script, options: CommandOptions = {}): Promise<CommandResult> {
    if (options.signal?.aborted) return Promise.reject(options.signal.reason)
    if (this.closed) return Promise.reject(this.notSent('the shell was closed'))
    const text = typeof script === 'function' ? '' : script.text
    if (text.includes('\0')) return Promise.reject(new RangeError(UNREADABLE))
    if (isLarge(options.stdin)) {
      this.count++
      return this.host.runWithInput(
        typeof script === 'function' ? script() : script,
        Buffer.from(options.stdin ?? ''),
        options,
      )
    }
    const command = new Command(script, options)
    this.watch(command, options.signal)
    if (options.insist) this.obey(command, options.insist)
    if (options.onLine) void this.runAlone(command)
    else {
      this.queue.push(command)
      this.schedule()
    }
    return command.result
  }

  /** Keeps something in the listening shell, once it keeps nothing else. Raises ConnectionError where there is none any more. */
  async aside(script: ShellText): Promise<Aside> {
    for (let kept = this.session?.kept; kept; kept = this.session?.kept) await kept.gone
    if (this.session?.retired !== undefined && !this.closed) {
      this.replacing ??= this.replace()
      await this.replacing
    }
    if (!this.session || this.session.retired !== undefined) throw this.notSent('the shell was lost')
    return this.session.keep(script)
  }

  async close(): Promise<void> {
    await this.end((session) => session.close())
  }

  /** The same, but what is kept beside the commands lives on. */
  async leave(): Promise<void> {
    await this.end((session) => session.leave())
  }

  private async end(how: (session: Session) => Promise<void>): Promise<void> {
    this.closed = true
    for (const command of this.queue.splice(0)) command.fail(this.notSent('the shell was closed'))
    await Promise.all([...this.all].map(how))
  }

  private adopt(started: Started): Session {
    const { user, decoder, merged, graceMs } = started
    const session = new Session(
      started.greeting,
      { host: this.host.name, shellPath: this.host.shellPath, user, decoder, merged, graceMs },
      {
        lost: (session) => {
          this.all.delete(session)
          if (this.queue.length > 0) this.schedule()
        },
        ready: () => this.schedule(),
      },
    )
    this.all.add(session)
    return session
  }

  private schedule(): void {
    if (this.flushing) return
    this.flushing = true
    setImmediate(() => {
      this.flushing = false
      this.flush()
    })
  }

  private flush(): void {
    // What is in flight ends first, also on a session that will not be used again: nothing overtakes it.
    if (this.queue.length === 0 || this.closed || this.replacing || this.sending) return
    if (!this.session || this.session.retired !== undefined) {
      this.replacing = this.replace()
      return
    }
    if (this.session.waits) return
    const batch = this.take()
    if (batch.length > 0) void this.send(this.session, batch)
  }

  /** As many waiting commands as may travel together, in order. */
  private take(): Command[] {
    const batch: Command[] = []
    let size = 0
    while (this.queue.length > 0) {
      const command = this.queue[0]!
      if (!command.answered) {
        try {
          size += command.size
        } catch (error) {
          command.fail(error as Error)
          continue
        }
        if (batch.length > 0 && size > MAX_IN_FLIGHT) break
        batch.push(command)
      }
      this.queue.shift()
    }
    return batch
  }

  private async send(session: Session, batch: Command[]): Promise<void> {
    this.count++
    this.sending = true
    const unbegun = await session.run(batch)
    this.sending = false
    if (this.closed) for (const command of unbegun) command.fail(this.notSent('the shell was closed'))
    else this.queue.unshift(...unbegun)
    if (session.retired !== undefined) void session.leave()
    if (this.queue.length > 0) this.schedule()
  }

  /** A command whose lines are wanted as they come gets a session of its own, which is kept for the next one. */
  private async runAlone(command: Command): Promise<void> {
    let session = this.streaming.pop()
    try {
      for (let pending = [command]; pending.length > 0; ) {
        if (!session || session.retired !== undefined) session = this.adopt(await this.host.start())
        if (command.answered) break
        this.count++
        pending = await session.run(pending)
      }
    } catch (error) {
      command.fail(error as Error)
    }
    if (!session) return
    if (session.idle && !this.closed && this.streaming.length === 0) this.streaming.push(session)
    else void session.close()
  }

  private async replace(): Promise<void> {
    try {
      this.session = this.adopt(await this.host.start())
    } catch (error) {
      for (const command of this.queue.splice(0)) command.fail(error as Error)
    }
    this.replacing = undefined
    this.schedule()
  }

  /** Ties a command to its signal, its time limit on this side, and the end of one that says too much. */
  private watch(command: Command, signal: AbortSignal | undefined): void {
    const end = (): void => {
      for (const session of this.all) session.cancel()
    }
    command.onExcess = () => {
      if (!command.shielded) end()
    }
    if (signal) {
      const aborted = (): void => {
        // What is shielded and sent runs to its end, and is waited for.
        if (command.shielded && command.state !== 'queued') return
        command.fail(signal.reason as Error)
        end()
      }
      command.finally(this.aborts.add(signal, aborted))
    }
    if (command.timeoutMs > 0) {
      let limit: NodeJS.Timeout | undefined
      command.finally(() => clearTimeout(limit))
      command.onBegun = () => {
        // One that was handed back begins once more.
        clearTimeout(limit)
        // Where the host keeps the limit, this one is for a host that does not answer.
        const grace = command.hostTimeoutMs > 0 ? HOST_GRACE_MS : 0
        limit = setTimeout(() => {
          command.fail(new CommandTimeout(command.timeoutMs))
          end()
        }, command.timeoutMs + grace)
      }
    }
  }

  private obey(command: Command, insist: AbortSignal): void {
    const aborted = (): void => {
      command.fail(insist.reason as Error)
      for (const session of this.all) session.insist(command)
    }
    command.finally(this.aborts.add(insist, aborted))
  }

  private notSent(reason: string): ConnectionError {
    return new ConnectionError('lost', this.host.name, `${reason}; the command was not sent`)
  }
}
