import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type AlgorithmList, Client, type KexAlgorithm, type ServerHostKeyAlgorithm } from 'ssh2'
import type { ResolvedEndpoint } from '../config/resolved.ts'
import { sharedCredentials } from '../config/shared-credentials.ts'
import { ConnectionError } from '../errors.ts'
import { fingerprint, keyType } from '../hostkeys/key.ts'
import { hostVerifier } from '../hostkeys/verifier.ts'
import { failureOf } from './failure.ts'
import { hasten } from './haste.ts'
import type { OpenSession } from './session.ts'
import { inOneWrite } from './writes.ts'

/** An authenticated connection of ssh2, with its errors kept. */
export interface Login {
  readonly client: Client
  /** `root@10.0.0.1:22, ssh-ed25519 SHA256:…` */
  readonly description: string
  readonly warnings: readonly string[]
  /** The last error, for the reason of an end. */
  readonly lastError: () => Error | undefined
  readonly ended: Promise<void>
  /** False once nothing can be sent any more. */
  readonly isOpen: () => boolean
  /** Says goodbye, and does not wait for the server to do so. */
  readonly leave: () => void
  /** Sessions asked for ahead, to be taken from the front. */
  readonly sessions: OpenSession[]
}

export interface LoginOptions {
  readonly signal?: AbortSignal | undefined
  /** Sessions to ask for together with the authentication; default 0. */
  readonly sessions?: number
}

/**
 * Key exchanges in ssh2's order, but P-256 before X25519: OpenSSH has the latter in plain C, which takes a tenth of what a login costs the host
 * (docs/adr/0013-p-256-first.md). Another order takes `ansible_connection: openssh`.
 */
const KEY_EXCHANGES: AlgorithmList<KexAlgorithm> = {
  remove: 'ecdh-sha2-nistp256',
  prepend: 'ecdh-sha2-nistp256',
  append: [],
}

/** What sshd writes instead of its name, before it hangs up: too many at once (MaxStartups), or we are being punished. */
const REFUSALS = /^(Exceeded MaxStartups|Not allowed at this time)/

/** What the way to a server may take to end by itself. */
const LEAVING_MS = 2000

function refusalOf(sock: Duplex): () => string | undefined {
  let said: string | undefined
  sock.once('data', (bytes: Buffer) => {
    said = REFUSALS.exec(bytes.toString('latin1', 0, 64))?.[1]
  })
  // Nothing flows before ssh2 listens.
  sock.pause()
  return () => said
}

function crowded(name: string, where: string, said: string, cause: unknown): ConnectionError {
  const hint =
    'sshd limits connections that are not logged in: see MaxStartups and PerSourcePenalties in its sshd_config'
  return new ConnectionError('lost', name, `${where} ended the connection: ${said}`, hint, cause)
}

/** Key exchange, host key and authentication over a stream. Raises ConnectionError. */
export async function login(
  name: string,
  resolved: ResolvedEndpoint,
  sock: Duplex,
  { signal, sessions = 0 }: LoginOptions = {},
): Promise<Login> {
  const where = `${resolved.host}:${resolved.port}`
  if (sock.destroyed) throw failureOf(name, where, sock.errored ?? new Error('closed before the handshake'))
  const client = new Client()
  let lastError: Error | undefined
  let refusal: ConnectionError | undefined
  let key = ''
  const warnings: string[] = []
  // For its whole life: ssh2 reports errors after `ready` and after `end` too, and an unheard one ends the process.
  client.on('error', (error) => {
    lastError = error
  })
  sock.on('error', (error: Error) => {
    lastError ??= error
  })
  inOneWrite(sock)
  const refused = refusalOf(sock)
  const ended = new Promise<void>((resolve) => client.once('close', () => resolve()))
  let ahead: readonly OpenSession[] = []
  try {
    const verifier = hostVerifier({ name }, resolved)
    const offered = await sharedCredentials({ name }, resolved)
    await new Promise<void>((resolve, reject) => {
      const aborted = (): void => reject(signal?.reason)
      if (signal?.aborted) aborted()
      signal?.addEventListener('abort', aborted, { once: true })
      client.once('ready', resolve)
      client.once('error', reject)
      client.once('close', () => reject(lastError ?? new Error('closed during the handshake')))
      void ended.then(() => signal?.removeEventListener('abort', aborted))
      client.connect({
        sock,
        username: resolved.user,
        readyTimeout: resolved.connectTimeoutMs,
        keepaliveInterval: resolved.serverAliveIntervalMs,
        keepaliveCountMax: resolved.serverAliveCountMax,
        algorithms: {
          serverHostKey: [...verifier.algorithms] as ServerHostKeyAlgorithm[],
          kex: KEY_EXCHANGES,
        },
        authHandler: offered.handler(),
        hostVerifier: (presented: Buffer, verify: (ok: boolean) => void) => {
          const verdict = verifier.verify(presented)
          if (!verdict.ok) refusal = verdict.error
          else if (verdict.warning !== undefined) warnings.push(verdict.warning)
          key = `${keyType(presented) ?? 'unknown'} ${fingerprint(presented)}`
          verify(verdict.ok)
        },
      })
      const { signers, firstKeyType, sure } = offered
      ahead = hasten(client, { signers, firstKeyType, sessions: sure ? sessions : 0 })
    }).catch((error: unknown) => {
      if (refusal) throw refusal
      if ((error as { level?: string } | undefined)?.level !== 'client-authentication') throw error
      const tried = offered.offered.join(', ')
      const hint = offered.notes.length > 0 ? offered.notes.join('; ') : undefined
      const message = `${resolved.user}@${where} refused every credential offered: ${tried}`
      throw new ConnectionError('auth', name, message, hint, error)
    })
  } catch (error) {
    client.destroy()
    sock.destroy()
    signal?.throwIfAborted()
    throw refused() ? crowded(name, where, refused()!, error) : failureOf(name, where, error)
  }
  client.setNoDelay(true)
  const description = `${resolved.user}@${where}, ${key}`
  return {
    client,
    description,
    warnings,
    lastError: () => lastError,
    ended,
    isOpen: () => sock.writable,
    leave: () => {
      client.end()
      if (sock instanceof Socket) sock.destroySoon()
      // A channel of a bastion's or a ProxyCommand waits for the other end, which may be gone without a word.
      else setTimeout(() => sock.destroy(), LEAVING_MS).unref()
    },
    sessions: [...ahead],
  }
}
