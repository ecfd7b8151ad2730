import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandTimeout, ConnectionError } from '../errors.ts'
import { quote, type ShellText } from '../quote.ts'
import type { ByteChannel } from '../transport.ts'
import { SessionAside } from './aside.ts'
import { type Batch, newBatch, type StreamName, unwanted } from './batch.ts'
import type { Command } from './command.ts'
import type { Greeting } from './greeting.ts'
import type { Decoder } from './input.ts'
import type { MarkReader } from './marks.ts'
import { isClean, jobScript, mayWait, ownOutput, pairs } from './script.ts'

/** A job that says nothing for so long is asked whether it is still there. */
const POLL_MS = 10_000
/** What a shell does at the end of its input it does without the channel, too. */
const CLOSE_MS = 500
/** Characters of a script that surely go into a FIFO at once: it holds 64 KiB, and the shell that writes must not wait. */
const LARGEST_IN_FIFO = 12 * 1024
/** An output that is still open so long after its command's end is held by what the command left behind. */
const CUT_MS = 40
const OUTSIDE = 'something wrote on it outside of any command'

export interface SessionOptions {
  readonly host: string
  readonly user: string
  readonly shellPath: string
  readonly decoder: Decoder
  readonly merged: boolean
  readonly graceMs: number
}

/** Whose session it is. */
export interface SessionOwner {
  /** It has ended. */
  lost(session: Session): void
  /** What it waited for beside the batches has been answered. */
  ready(): void
}

/**
 * One long-lived shell on one channel, with one batch of commands in flight. It knows nothing of queues: the owner gives a
 * batch when `idle`, and gets back the commands that were never begun.
 */
export class Session {
  readonly options: SessionOptions
  /** Why it must not be used again. */
  retired: string | undefined
  private readonly channel: ByteChannel
  private readonly readers: Record<StreamName, MarkReader>
  private readonly streams: readonly StreamName[]
  private readonly greeting: Greeting
  private readonly owner: SessionOwner
  /** The last one is what is kept; those before it may have an answer due. */
  private asides: SessionAside[] = []
  private batch: Batch | undefined
  private finished: ((unbegun: Command[]) => void) | undefined
  private previous: 'none' | 'own' | 'clean' | 'foreign' = 'none'
  private readonly poll: NodeJS.Timeout
  private closing = false

  constructor(greeting: Greeting, options: SessionOptions, owner: SessionOwner) {
    this.options = options
    this.greeting = greeting
    this.channel = greeting.channel
    this.readers = { stdout: greeting.stdout, stderr: greeting.stderr }
    this.streams = options.merged ? ['stdout'] : ['stdout', 'stderr']
    this.owner = owner
    for (const name of ['stdout', 'stderr'] as const) {
      this.readers[name].sink = {
        data: (bytes) => this.data(name, bytes),
        mark: (words) => this.mark(name, words),
      }
    }
    this.poll = setInterval(() => this.ask(), POLL_MS / 2)
    this.poll.unref()
    void this.channel.exit.then(() => this.ended())
  }

  get idle(): boolean {
    return this.batch === undefined && this.retired === undefined
  }

  /** An answer beside the batches is due: no batch may be given meanwhile. */
  get waits(): boolean {
    return this.asides.some((aside) => aside.waits)
  }

  get kept(): SessionAside | undefined {
    const last = this.asides.at(-1)
    return last?.isKept ? last : undefined
  }

  /** Keeps something in the listening shell, which keeps nothing yet; without a script, what the shell was given with its prelude. */
  keep(script?: ShellText): SessionAside {
    const aside = new SessionAside({
      write: (line) => this.channel.stdin.write(`${line}\n`),
      answered: () => this.owner.ready(),
      left: () => {
        // A batch that runs goes on; its owner closes then.
        if (this.retired !== undefined && !this.batch) void this.close()
      },
      rested: () => this.answered(),
    })
    this.asides = [...this.asides.filter((one) => one.waits), aside]
    if (script) this.channel.stdin.write(`${script.text}\n`)
    else for (const words of this.greeting.rest()) this.mark('stdout', words)
    return aside
  }

  /** Sends a batch in one write. Resolves, when the job is over, with the commands that were never begun. */
  run(commands: readonly Command[]): Promise<Command[]> {
    const nonce = randomBytes(12).toString('hex')
    const scripted = commands.map((c, i) => c.scripted(i + 1))
    const clean = isClean(scripted)
    const followsOwn = this.previous === 'own'
    const begun = clean && !followsOwn
    const batch = newBatch(commands, nonce, { stdout: begun, stderr: !followsOwn })
    this.batch = batch
    for (const name of this.streams) this.readers[name].expect(nonce)
    const fifos = commands.some(ownOutput) ? pairs(commands) : "''"
    const before = followsOwn ? 'left' : this.previous === 'foreign' ? 'gone' : "''"
    const text = jobScript(scripted, this.options, followsOwn)
    this.previous = commands.some(ownOutput) ? 'foreign' : clean ? 'clean' : 'own'
    const fifo = text.length < LARGEST_IN_FIFO ? Number(clean || mayWait(scripted)) : "''"
    const done = new Promise<Command[]>((resolve) => {
      this.finished = resolve
    })
    for (const command of commands) command.sent()
    this.channel.stdin.write(`vf_job ${nonce} ${before} ${fifos} ${fifo} ${quote(text)}\n`)
    if (begun) this.begin(batch, 0)
    return done
  }

  /**
   * Ends the job's whole group: TERM, KILL after the grace; what is shielded lives on, unless insisted. Commands not yet
   * begun are handed back.
   */
  end(insisted = false): void {
    const batch = this.batch
    if (!batch || batch.insisted || (batch.ending && !insisted)) return
    batch.ending = true
    batch.insisted = insisted
    this.tell(batch, insisted ? 'vf_end all' : 'vf_end')
    const limit = setTimeout(() => {
      this.retired ??= 'the commands on it could not be ended'
      void this.close()
    }, this.options.graceMs + 10_000)
    limit.unref()
    void this.channel.exit.then(() => clearTimeout(limit))
    const finished = this.finished
    this.finished = (unbegun) => {
      clearTimeout(limit)
      finished?.(unbegun)
    }
  }

  /**
   * Some command of the batch is wanted no more. Ends the job if it runs that command; what is not yet begun is handed back.
   * With others behind it the job is first frozen, so that it cannot have gone on to one of them meanwhile.
   */
  cancel(): void {
    const batch = this.batch
    if (!batch || batch.ending || batch.frozen || !unwanted(batch, this.streams)) return
    if (batch.commands.every((c) => c.answered)) {
      this.end()
      return
    }
    batch.frozen = true
    this.tell(batch, 'vf_stop')
  }

  /** Ends the job that has this command, whatever runs in it. */
  insist(command: Command): void {
    if (this.batch?.commands.includes(command)) this.end(true)
  }

  private thaw(batch: Batch): void {
    if (!batch.frozen || this.streams.some((n) => batch.cursors[n].due > 0)) return
    batch.frozen = false
    if (batch.ending) return
    if (unwanted(batch, this.streams)) this.end()
    else this.channel.stdin.write('vf_cont\n')
  }

  /** Takes no more commands, and is closed once nothing is kept in it. */
  async leave(): Promise<void> {
    this.retired ??= 'closed'
    if (!this.kept) await this.close()
  }

  /** Ends its input: the shell ends what still runs on it, and itself. What runs is waited for, a little. */
  async close(): Promise<void> {
    this.closing = true
    this.retired ??= 'closed'
    await this.answered()
    const idle = this.batch === undefined
    // A raw terminal has no end of input.
    if (this.options.merged) this.channel.stdin.write('exit\n')
    this.channel.stdin.end()
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => {
        this.channel.close()
        resolve()
      }, CLOSE_MS)
      void this.channel.exit.then(() => {
        clearTimeout(limit)
        resolve()
      })
      if (idle) resolve()
    })
  }

  /**
   * A job whose commands have all answered says at once that it is over. It is heard out: ended by force before that, it would take with
   * it what a command has left running on purpose.
   */
  private async answered(): Promise<void> {
    const { batch, finished } = this
    if (!batch || batch.ending || !this.streams.every((n) => batch.cursors[n].at === batch.commands.length)) return
    const over = new Promise<void>((resolve) => {
      this.finished = (unbegun) => {
        finished?.(unbegun)
        resolve()
      }
    })
    const limit = new AbortController()
    await Promise.race([over, delay(CLOSE_MS, undefined, { signal: limit.signal }).catch(() => undefined)])
    limit.abort()
  }

  private ask(): void {
    const batch = this.batch
    if (!batch || batch.ending || Date.now() - batch.quietSince < POLL_MS) return
    batch.quietSince = Date.now()
    this.tell(batch, 'vf_poll')
  }

  /** A line to the listening shell, which answers it on each stream. */
  private tell(batch: Batch, line: string): void {
    for (const name of this.streams) batch.cursors[name].due++
    this.channel.stdin.write(`${line}\n`)
  }

  private data(name: StreamName, bytes: Buffer): void {
    const batch = this.batch
    const cursor = batch?.cursors[name]
    if (!batch || !cursor) {
      this.retired ??= OUTSIDE
      void this.leave()
      return
    }
    batch.quietSince = Date.now()
    const command = cursor.inside ? batch.commands[cursor.at] : undefined
    if (command) command.heard(this.options.merged ? 'stdout' : name, bytes)
    else if (!cursor.cutting && !batch.ending) this.retired ??= OUTSIDE
  }

  private mark(name: StreamName, words: string): void {
    if (words.startsWith('L ')) {
      this.asides.find((aside) => aside.waits)?.heard(words.slice(2))
      return
    }
    const batch = this.batch
    if (!batch) return
    batch.quietSince = Date.now()
    const cursor = batch.cursors[name]
    const [kind, seq, status, ...readers] = words.split(' ')
    switch (kind) {
      case 'B':
        cursor.inside = true
        cursor.cutting = false
        if (name === 'stdout') this.begin(batch, cursor.at)
        else this.cancel()
        break
      case 'E':
        if (Number(seq) === cursor.at + 1) this.commandEnded(batch, name, Number(status), readers)
        break
      case 'X':
        if (name === 'stdout') this.timeIsOver(batch, Number(seq))
        break
      case 'F':
        batch.commands[Number(seq) - 1]?.fail(this.noDirectory())
        this.end()
        break
      case 'S':
        this.retired ??= 'a command left processes behind'
        cursor.inside = false
        cursor.over = true
        break
      case 'J':
        // The job has looked: it waits.
        if (seq === 'w') this.previous = 'clean'
        cursor.over = true
        break
      case 'K':
        cursor.over = true
        cursor.due--
        break
      case 'A':
        cursor.due--
        this.thaw(batch)
        break
    }
    this.settle(batch)
  }

  private commandEnded(batch: Batch, name: StreamName, status: number, readers: readonly string[]): void {
    const cursor = batch.cursors[name]
    const command = batch.commands[cursor.at]
    if (!command) return
    const at = ++cursor.at
    const apart = ownOutput(command)
    cursor.inside = !apart && cursor.at < batch.commands.length
    cursor.cutting = apart
    if (!apart && cursor.at === batch.commands.length) cursor.over = true
    command.ended(status, this.streams.length, this.options.merged)
    if (command.answered && apart && !cursor.over) {
      // Processes it left may hold its output open: then the reader is cut.
      setTimeout(() => {
        if (this.batch === batch && cursor.cutting && cursor.at === at && !cursor.over)
          this.cut(readers, command.shielded)
      }, CUT_MS)
    }
    if (name === 'stdout' && cursor.inside) this.begin(batch, cursor.at)
    else this.cancel()
  }

  /** readers: the numbers of both processes, or of the pair of FIFOs. */
  private cut(readers: readonly string[], shielded: boolean): void {
    const numbers = readers.filter((word) => /^\d+$/.test(word))
    this.channel.stdin.write(`${shielded ? 'vf_cut' : 'vf_skip'} ${numbers.join(' ')}\n`)
  }

  private begin(batch: Batch, at: number): void {
    batch.commands[at]?.begun()
    if (batch.commands[at]?.answered) this.cancel()
  }

  private timeIsOver(batch: Batch, seq: number): void {
    const command = batch.commands[seq - 1]
    command?.fail(new CommandTimeout(command.timeoutMs))
    this.end()
  }

  private settle(batch: Batch): void {
    if (!this.streams.every((n) => batch.cursors[n].over && batch.cursors[n].due === 0)) return
    const done = Math.max(...this.streams.map((n) => batch.cursors[n].at))
    const begun = batch.cursors.stdout.inside ? done + 1 : done
    this.batch = undefined
    if (batch.ending) this.previous = 'none'
    for (const command of batch.commands.slice(0, begun)) {
      if (command.answered) continue
      command.fail(this.failure('its shell on the host was killed', true))
      // Where its last words went nobody knows; who ends a job says so by that.
      if (!batch.ending && !this.closing) this.channel.stdin.write('vf_mixed=1\n')
    }
    const finished = this.finished
    this.finished = undefined
    const unbegun = batch.commands.slice(begun).filter((c) => !c.answered)
    if (unbegun.some((command) => command.unhear())) this.retired ??= OUTSIDE
    finished?.(unbegun)
  }

  private noDirectory(): ConnectionError {
    return new ConnectionError(
      'shell',
      this.options.host,
      'no directory on the host in which a FIFO can be made',
      'make one of /run/user/UID, /dev/shm, /tmp, ~/.cache writable for the user',
    )
  }

  private failure(reason: string, mayHaveRun: boolean): ConnectionError {
    const said = mayHaveRun ? 'the command may have run' : 'the command was not sent'
    return new ConnectionError('lost', this.options.host, `${reason}; ${said}`, undefined, undefined)
  }

  private ended(): void {
    clearInterval(this.poll)
    this.retired ??= 'its channel was lost'
    const batch = this.batch
    this.batch = undefined
    const reason = this.closing ? 'the shell was closed' : 'the connection was lost'
    for (const command of batch?.commands ?? []) {
      if (!command.answered) command.fail(this.failure(reason, true))
    }
    this.finished?.([])
    this.finished = undefined
    for (const aside of this.asides) aside.lost(reason)
    this.owner.lost(this)
  }
}
