import { randomBytes } from 'node:crypto'
import { ConnectionError } from '../errors.ts'
import { quote, type ShellText } from '../quote.ts'
import type { ChannelExit, OpenChannel } from '../transport.ts'
import type { TerminalSize } from '../types.ts'
import { Greeting } from './greeting.ts'
import type { Decoder } from './input.ts'
import { prelude } from './prelude.ts'

/** Time for a login, its rc files and another user's password to lead to a shell. */
const START_TIMEOUT_MS = 60_000
export const DEFAULT_GRACE_MS = 5000

export interface StartOptions {
  readonly host: string
  readonly open: OpenChannel
  readonly shellPath: string
  /** Whose shell it is, where that needs not be asked. */
  readonly user?: string
  readonly graceMs?: number
  /** Becomes another user, before our hello; become/ makes it. */
  readonly ascend?: Ascent
  readonly signal?: AbortSignal
  /** The shell is to have a terminal, of that size. */
  readonly terminal?: TerminalSize
  /** What the shell is given to keep right behind its prelude (Connection.aside); asked when that is sent. */
  readonly keeps?: () => ShellText | undefined
}

export interface Ascent {
  readonly pty: boolean
  /**
   * The command that becomes the other user's shell where nothing is asked and nothing but that shell reads: what is meant
   * for it is sent right behind. Otherwise `climb` leads there, on the shell of the login.
   */
  readonly direct?: string
  climb(greeting: Greeting, options: { shellPath: string; host: string; signal: AbortSignal }): Promise<void>
  /** Why `direct` led to no shell. */
  refused(greeting: Greeting, host: string): ConnectionError
}

/** A shell that has said hello and listens. */
export interface Started {
  readonly greeting: Greeting
  readonly user: string
  readonly uid: number
  readonly decoder: Decoder
  readonly merged: boolean
  readonly graceMs: number
  /** It was given something to keep. */
  readonly keeps: boolean
}

/** Raises ConnectionError; the channel is closed where there is no shell, or where it takes too long. */
export async function startShell(options: StartOptions): Promise<Started> {
  const { host, shellPath, ascend, terminal } = options
  const limit = AbortSignal.timeout(START_TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit
  const merged = terminal !== undefined || (ascend?.pty ?? false)
  const direct = ascend?.direct
  const channel = await options.open(direct ?? `exec ${quote(shellPath)} -s`, {
    pty: merged,
    ...(terminal && { size: terminal }),
  })
  const greeting = new Greeting(channel)
  try {
    if (ascend && direct === undefined) await ascend.climb(greeting, { shellPath, host, signal })
    return await greet(greeting, merged, options, signal)
  } catch (error) {
    channel.close()
    if (limit.aborted && !options.signal?.aborted) {
      throw new ConnectionError('shell', host, `no shell answered within ${START_TIMEOUT_MS / 1000} s${said(greeting)}`)
    }
    throw error
  }
}

async function greet(
  greeting: Greeting,
  merged: boolean,
  options: StartOptions,
  signal: AbortSignal,
): Promise<Started> {
  const { host, shellPath, ascend, graceMs = DEFAULT_GRACE_MS } = options
  const nonce = randomBytes(12).toString('hex')
  greeting.expect(nonce)
  const grace = Math.max(1, Math.ceil(graceMs / 1000))
  const kept = options.keeps?.()
  const first = prelude({ nonce, shellPath, merged, grace }, options.user)
  greeting.send(kept ? `${first}${kept.text}\n` : first)
  const hello = await greeting.until(signal, { both: !merged })
  if (hello.kind !== 'mark') {
    const end: ChannelExit = hello.kind === 'ended' ? hello : { status: undefined }
    throw ascend?.direct !== undefined && end.refused === undefined
      ? ascend.refused(greeting, host)
      : noShellError(host, greeting, shellPath, end)
  }
  const [decoder, , id = ''] = hello.words.replace(/^H /, '').split('|')
  const [, uid, user] = /^uid=(\d+)(?:\(([^)]*)\))?/.exec(id) ?? []
  const keeps = kept !== undefined
  return { greeting, user: user ?? uid ?? '', uid: Number(uid), decoder: decoder as Decoder, merged, graceMs, keeps }
}

const said = (greeting: Greeting): string => (greeting.said === '' ? '' : `; it said: ${greeting.said}`)

function noShellError(host: string, greeting: Greeting, shellPath: string, end: ChannelExit): ConnectionError {
  if (end.refused !== undefined) {
    const hint = 'the login must allow commands: look for ForceCommand and PermitTTY in its sshd_config'
    return new ConnectionError('shell', host, `the server refused a shell: ${end.refused}`, hint)
  }
  const restricted = /restricted/.test(greeting.noise)
  const status = end.status === undefined ? '' : ` (status ${end.status})`
  return new ConnectionError(
    'shell',
    host,
    restricted
      ? `the login shell is restricted and refuses ${shellPath}${said(greeting)}`
      : `no POSIX shell behind the login${status}${said(greeting)}`,
    restricted ? 'give the user a login shell that may run /bin/sh' : 'the login must allow `exec /bin/sh -s`',
  )
}
