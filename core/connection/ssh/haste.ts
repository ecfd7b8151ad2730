import type { Client } from 'ssh2'
import type { Sign } from '../config/sign.ts'
import { internals, type PublicKey, type SignRequest } from './internals.ts'
import { type OpenSession, openSession } from './session.ts'

/**
 * Servers that are known to read on while they answer. RFC 4252, 5.1, wants it of all: what follows the request that
 * succeeds is for the service behind it; but some end the connection over a channel that is asked for too early.
 */
const READS_ON = /^OpenSSH_/

export interface HasteOptions {
  /** Signs for a public key (base64 of its wire format) that may be presented with its signature at once. */
  readonly signers: ReadonlyMap<string, Sign>
  /** The first key's type: RSA waits for the server's word on signatures (server-sig-algs), which comes with its keys. */
  readonly firstKeyType: string | undefined
  /** Sessions to ask for behind the first signed request. */
  readonly sessions: number
}

/**
 * Takes three round trips off ssh2's login, 7 to 4 with TCP's own: the service and the authentication are asked for in one
 * breath, the key is presented with its signature instead of a question first, and the first sessions are asked for behind
 * it. And a server's other keys are let be. To be called right after `connect`. Gives the sessions that were asked for; empty once the request was refused.
 */
export function hasten(client: Client, options: HasteOptions): readonly OpenSession[] {
  const inner = internals(client)
  const protocol = inner._protocol
  const handlers = protocol._handlers
  const ahead: OpenSession[] = []
  const readsOn = (): boolean => READS_ON.test(inner._remoteVer ?? '')

  const { service, authPK } = protocol
  protocol.service = (name) => {
    service.call(protocol, name)
    if (!readsOn()) return
    const accept = handlers.SERVICE_ACCEPT
    const extensions = handlers.EXT_INFO
    let begun = false
    const begin = (): void => {
      if (begun) return
      begun = true
      accept?.(protocol, name)
    }
    handlers.SERVICE_ACCEPT = begin
    handlers.EXT_INFO = (...args) => {
      extensions?.(...args)
      begin()
    }
    if (options.firstKeyType !== 'ssh-rsa') begin()
  }

  let first = true
  protocol.authPK = (user, key, algorithm, asked) => {
    const isFirst = first
    first = false
    const ask = (sign?: SignRequest): void => authPK.call(protocol, user, key, algorithm, sign)
    const sign = options.signers.get(idOf(key))
    if (asked || !sign) {
      ask(asked)
      return
    }
    ask((data, done) =>
      sign(data, hashOf(algorithm), (signature) => {
        if (signature instanceof Error) ask()
        else {
          done(signature)
          if (isFirst && readsOn()) openAhead()
        }
      }),
    )
  }

  // The server tells what other keys it has, and ssh2 would have each proven by a signature, for nobody: ~/.ssh/known_hosts is the user's.
  const asked = handlers.GLOBAL_REQUEST
  handlers.GLOBAL_REQUEST = (...args) => {
    const [, name, wantsReply] = args
    if (name !== 'hostkeys-00@openssh.com' || wantsReply) asked?.(...args)
  }

  const openAhead = (): void => {
    for (let i = 0; i < options.sessions; i++) ahead.push(openSession(client))
    const refused = handlers.USERAUTH_FAILURE
    handlers.USERAUTH_FAILURE = (...args) => {
      handlers.USERAUTH_FAILURE = refused
      for (const session of ahead.splice(0)) session.forget()
      refused?.(...args)
    }
  }
  return ahead
}

const idOf = (key: PublicKey): string => key.getPublicSSH().toString('base64')

const hashOf = (algorithm: string | undefined): 'sha256' | 'sha512' | undefined =>
  algorithm === 'rsa-sha2-256' ? 'sha256' : algorithm === 'rsa-sha2-512' ? 'sha512' : undefined
