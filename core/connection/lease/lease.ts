import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionError } from '../errors.ts'
import type { Aside, Become, Connection, ConnectionEnd, Shell } from '../types.ts'
import { inUse, type LeaseHolder, readHolder, stillAtWork, thisHolder, writeHolder } from './holder.ts'
import { EXPIRY_SECONDS, GIVE_UP, holdScript, lookScript, SIGN_OF_LIFE, tryAgain } from './script.ts'

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
  /** Seconds without a word from us after which the next run may take the host; default 90. */
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

/** How long the end waits for the host's word: the lock is gone with the connection anyway. */
const RELEASE_MS = 2000

/**
 * Takes the host for one run: a lock on the host, kept by the user's shell of this connection. It is gone with that shell, whatever happens to
 * this process; if the network is lost without a word, the next run ends that shell after a while. It writes /run/virtfleet (memory only); a
 * check run takes none, and uses leaseHolder. Costs no round trip where the shell is just being opened.
 * Raises HostInUse, ConnectionError `unsupported` without flock(1), and the signal's reason.
 */
export async function acquireLease(connection: Connection, options: LeaseOptions): Promise<Lease> {
  const { signal, become } = options
  signal?.throwIfAborted()
  const expiry = options.expirySeconds ?? EXPIRY_SECONDS
  const holder = { ...thisHolder(options.run), ...options.who }
  const opening = connection.aside(holdScript(writeHolder(holder), expiry), become)
  const aside = await (signal ? unlessAborted(opening, signal) : opening).catch((error: unknown) => {
    opening.then(giveUp, () => undefined)
    throw error
  })
  try {
    await new Attempt(connection.endpoint.name, aside, holder, options).held()
    return heldLease(aside, holder, expiry)
  } catch (error) {
    void giveUp(aside)
    throw error
  }
}

/** Who has the host, if anybody; for a check run, which takes no lease. One command, nothing is written. */
export async function leaseHolder(shell: Shell, signal?: AbortSignal): Promise<LeaseHolder | 'unknown' | undefined> {
  const { stdout } = await shell.run(lookScript(), { childless: true, ...(signal && { signal }) })
  const [busy, line = ''] = stdout.toString('utf8', 0, 4096).split('\n')
  return busy === 'busy' ? (readHolder(line) ?? 'unknown') : undefined
}

/** Asks until the lock is held or the time is over. */
class Attempt {
  readonly #host: string
  readonly #aside: Aside
  readonly #holder: LeaseHolder
  readonly #options: LeaseOptions
  #said: string | undefined

  constructor(host: string, aside: Aside, holder: LeaseHolder, options: LeaseOptions) {
    this.#host = host
    this.#aside = aside
    this.#holder = holder
    this.#options = options
  }

  async held(): Promise<void> {
    const { signal, wait = 0 } = this.#options
    const end = performance.now() + wait * 1000
    let leftSince: number | undefined
    let wasOwn = false
    for (let asked = 1; ; asked++) {
      // The script has asked once by itself.
      const answer = await this.#answer(asked > 1)
      const other = readHolder(answer.replace(/^(?:busy|left|ending) /, ''))
      const ending = answer.startsWith('ending')
      const left = ending || answer.startsWith('left')
      const own = other?.run === this.#holder.run
      // What is left of the same run, over a connection that broke, is its own.
      if (answer === 'held' || (left && own && !ending)) return
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
    const { signal } = this.#options
    signal?.throwIfAborted()
    const asked = ask ? this.#aside.ask(tryAgain(writeHolder(this.#holder))) : this.#aside.first
    const value = await (signal ? unlessAborted(asked, signal) : asked)
    if (value === undefined) throw new ConnectionError('lost', this.#host, 'the lease holder ended on the host')
    if (/^(?:held|busy|left|ending)\b/.test(value)) return value
    const host = this.#host
    if (value === 'noflock')
      throw new ConnectionError('unsupported', host, `${host} has no flock(1)`, 'install util-linux, or busybox')
    throw new ConnectionError('unsupported', host, `the lease cannot be kept on ${host}: ${value.slice(0, 200)}`)
  }
}

/** Signs of life in the time after which the host gives up: one that is late or lost is made good by the next. */
const BEATS = 2.5

function heldLease(aside: Aside, holder: LeaseHolder, expirySeconds: number): Lease {
  const beat = setInterval(() => aside.tell(SIGN_OF_LIFE), (expirySeconds * 1000) / BEATS)
  beat.unref()
  let over: (end: ConnectionEnd) => void = () => undefined
  const ended = new Promise<ConnectionEnd>((resolve) => {
    over = (end) => {
      clearInterval(beat)
      resolve(end)
    }
  })
  void aside.ended.then((reason) => over({ expected: false, reason }))
  const release = async (): Promise<void> => {
    over({ expected: true, reason: 'released' })
    await Promise.race([giveUp(aside), delay(RELEASE_MS, undefined, { ref: false })])
  }
  return { holder, ended, release }
}

const giveUp = (aside: Aside): Promise<unknown> => aside.end(GIVE_UP)

/** Rejects with the signal's reason once it aborts, whatever becomes of the promise. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason)
    signal.addEventListener('abort', aborted, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted))
  })
}
