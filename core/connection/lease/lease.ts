import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionError } from '../errors.ts'
import type { Become, Channel, Connection, ConnectionEnd, Shell } from '../types.ts'
import { Answers } from './answers.ts'
import { inUse, type LeaseHolder, readHolder, stillAtWork, thisHolder, writeHolder } from './holder.ts'
import { EXPIRY_SECONDS, holdScript, lookScript } from './script.ts'

/** A host is this run's until the lease is released or lost. */
export interface Lease {
  readonly holder: LeaseHolder
  /** Settles once it is over; not expected when the connection or the holder on the host was lost. */
  readonly ended: Promise<ConnectionEnd>
  release(): Promise<void>
}

export interface LeaseOptions {
  readonly run: string
  /** Default: this process. */
  readonly who?: Omit<LeaseHolder, 'run' | 'since'>
  /** The user who holds it. Only leases of the same user on a host exclude one another: take root's where tasks run as root. */
  readonly become?: Become
  /** Seconds to wait for a host in use; default 0. */
  readonly wait?: number
  readonly signal?: AbortSignal
  /**
   * Called when the host is in use and it will be waited for, and again whenever the holder changes. `left`: that run is over, and what it
   * left on the host is still at work; this is waited for whatever `wait` says, since it ends by itself, and so is a holder of the same
   * run, over a connection that broke.
   */
  readonly onWaiting?: (holder: LeaseHolder | undefined, left: boolean) => void
  /** Seconds without a word from us after which the host gives it up; default 90. */
  readonly expirySeconds?: number
}

/** Another run has the host, and the time to wait for it is over. */
export class HostInUse extends Error {
  readonly host: string
  readonly holder: LeaseHolder | undefined
  constructor(host: string, holder: LeaseHolder | undefined, left = false) {
    super(left ? stillAtWork(host, holder) : inUse(host, holder))
    this.name = 'HostInUse'
    this.host = host
    this.holder = holder
  }
}

const POLL_MS = 1000
/** What is shielded takes minutes at most: packages, disks, a guest's shutdown. */
const LEFT_MS = 15 * 60_000
/** One that only looks holds the lock for a moment: that is not being in use. */
const GLANCES = 3
const GLANCE_MS = 100

/**
 * Takes the host for one run: a lock on the host, held by a process whose standard input is a channel of this
 * connection. It is gone with the channel, whatever happens to this process; if the network is lost without a word, the
 * host gives it up after a while. It writes /run/virtfleet (memory only); a check run takes none, and uses leaseHolder.
 * Raises HostInUse, ConnectionError `unsupported` without flock(1), and the signal's reason.
 */
export async function acquireLease(connection: Connection, options: LeaseOptions): Promise<Lease> {
  const { signal, become } = options
  signal?.throwIfAborted()
  const expiry = options.expirySeconds ?? EXPIRY_SECONDS
  const holder = { ...thisHolder(options.run), ...options.who }
  // The signal is about taking it: what is held lasts until it is released.
  const taking = new AbortController()
  const aborted = (): void => taking.abort(signal?.reason)
  signal?.addEventListener('abort', aborted, { once: true })
  let channel: Channel | undefined
  try {
    channel = await connection.open(holdScript(writeHolder(holder), expiry), {
      early: true,
      signal: taking.signal,
      ...(become && { become }),
    })
    await new Attempt(connection.endpoint.name, channel, holder, options).held()
    return heldLease(channel, holder, expiry)
  } catch (error) {
    channel?.close()
    throw error
  } finally {
    signal?.removeEventListener('abort', aborted)
  }
}

/** Who has the host, if anybody; for a check run, which takes no lease. One command, nothing is written. */
export async function leaseHolder(shell: Shell, signal?: AbortSignal): Promise<LeaseHolder | 'unknown' | undefined> {
  const { stdout } = await shell.run(lookScript(), signal ? { signal } : {})
  const [busy, line = ''] = stdout.toString('utf8', 0, 4096).split('\n')
  return busy === 'busy' ? (readHolder(line) ?? 'unknown') : undefined
}

/** Asks until the lock is held or the time is over. */
class Attempt {
  readonly #host: string
  readonly #channel: Channel
  readonly #holder: LeaseHolder
  readonly #options: LeaseOptions
  readonly #answers: Answers
  #said: string | undefined

  constructor(host: string, channel: Channel, holder: LeaseHolder, options: LeaseOptions) {
    this.#host = host
    this.#channel = channel
    this.#holder = holder
    this.#options = options
    this.#answers = new Answers(channel.stream)
    channel.stderr.resume()
  }

  async held(): Promise<void> {
    const { signal, wait = 0 } = this.#options
    const end = performance.now() + wait * 1000
    let leftSince: number | undefined
    let wasOwn = false
    for (let asked = 1; ; asked++) {
      // The script has asked once by itself.
      const answer = await this.#answer(asked > 1)
      const other = readHolder(answer.replace(/^(?:busy|left) /, ''))
      const left = answer.startsWith('left')
      const own = other?.run === this.#holder.run
      // What is left of the same run, over a connection that broke, is its own.
      if (answer === 'held' || (left && own)) {
        this.#answers.close()
        return
      }
      const glancing = asked < GLANCES
      // Another run was faster when this run's old holder gave up.
      if (wasOwn && other && !own) throw new HostInUse(this.#host, other, left)
      wasOwn ||= own
      if (left || own) leftSince ??= performance.now()
      const patience = leftSince === undefined ? end : Math.max(end, leftSince + LEFT_MS)
      const remaining = patience - performance.now()
      if (!glancing && remaining <= 0) throw new HostInUse(this.#host, other, left)
      if (!glancing) this.#waiting(answer, other, left)
      await delay(glancing ? GLANCE_MS : Math.min(POLL_MS, remaining), undefined, signal ? { signal } : {})
    }
  }

  #waiting(answer: string, holder: LeaseHolder | undefined, left: boolean): void {
    if (answer === this.#said) return
    this.#said = answer
    this.#options.onWaiting?.(holder, left)
  }

  async #answer(ask: boolean): Promise<string> {
    this.#options.signal?.throwIfAborted()
    if (ask) this.#channel.stream.write(`try ${writeHolder(this.#holder)}\n`)
    const value = await this.#answers.next()
    this.#options.signal?.throwIfAborted()
    if (value === undefined) throw new ConnectionError('lost', this.#host, 'the lease holder ended on the host')
    if (/^(?:held|busy|left)\b/.test(value)) return value
    const host = this.#host
    if (value === 'noflock')
      throw new ConnectionError('unsupported', host, `${host} has no flock(1)`, 'install util-linux, or busybox')
    throw new ConnectionError('unsupported', host, `the lease cannot be kept on ${host}: ${value.slice(0, 200)}`)
  }
}

/** Signs of life in the time after which the host gives up: one that is late or lost is made good by the next. */
const BEATS = 2.5

function heldLease(channel: Channel, holder: LeaseHolder, expirySeconds: number): Lease {
  let released = false
  const beat = setInterval(() => channel.stream.write('\n'), (expirySeconds * 1000) / BEATS)
  beat.unref()
  const ended = channel.exit
    .then(
      () => 'the lease holder ended on the host',
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    .then((reason): ConnectionEnd => {
      clearInterval(beat)
      return released ? { expected: true, reason: 'released' } : { expected: false, reason }
    })
  return {
    holder,
    ended,
    release: async () => {
      released = true
      clearInterval(beat)
      channel.stream.end()
      await ended
      channel.close()
    },
  }
}
