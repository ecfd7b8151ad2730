import { randomBytes } from 'node:crypto'
import { ConnectionError } from '../errors.ts'
import { quote } from '../quote.ts'
import type { OpenChannel } from '../transport.ts'
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
  readonly graceMs?: number
  /** Becomes another user on the shell of the login, before our hello; become/ makes it. */
  readonly ascend?: Ascent
  readonly signal?: AbortSignal
}

export interface Ascent {
  readonly pty: boolean
  climb(greeting: Greeting, options: { shellPath: string; host: string; signal: AbortSignal }): Promise<void>
}

/** A shell that has said hello and listens. */
export interface Started {
  readonly greeting: Greeting
  readonly user: string
  readonly uid: number
  readonly decoder: Decoder
  readonly merged: boolean
  readonly graceMs: number
}

export async function startShell(options: StartOptions): Promise<Started> {
  const { host, shellPath, ascend, graceMs = DEFAULT_GRACE_MS } = options
  const limit = AbortSignal.timeout(START_TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit
  const merged = ascend?.pty ?? false
  const channel = await options.open(`exec ${quote(shellPath)} -s`, { pty: merged })
  const greeting = new Greeting(channel)
  try {
    if (ascend) await ascend.climb(greeting, { shellPath, host, signal })
    const nonce = randomBytes(12).toString('hex')
    greeting.expect(nonce)
    greeting.send(prelude({ nonce, shellPath, merged, grace: Math.max(1, Math.ceil(graceMs / 1000)) }))
    const said = await greeting.until(signal, { both: !merged })
    if (said.kind !== 'mark') throw noShell(host, greeting, shellPath, said)
    const [decoder, , id = ''] = said.words.replace(/^H /, '').split('|')
    const [, uid, user] = /^uid=(\d+)(?:\(([^)]*)\))?/.exec(id) ?? []
    return { greeting, user: user ?? uid ?? '', uid: Number(uid), decoder: decoder as Decoder, merged, graceMs }
  } catch (error) {
    channel.close()
    if (limit.aborted && !options.signal?.aborted) {
      throw new ConnectionError('shell', host, `no shell answered within ${START_TIMEOUT_MS / 1000} s${said(greeting)}`)
    }
    throw error
  }
}

const said = (greeting: Greeting): string => (greeting.said === '' ? '' : `; it said: ${greeting.said}`)

function noShell(
  host: string,
  greeting: Greeting,
  shellPath: string,
  end: { kind: string; status?: number | undefined },
) {
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
