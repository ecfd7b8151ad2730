import { setTimeout as delay } from 'node:timers/promises'
import type { DomainReader } from '../../api/domains.ts'
import type { DomainCondition } from '../../api/states.ts'
import { awaitByAsking } from '../../await.ts'
import { LibvirtLost, LibvirtUnavailable } from '../../errors.ts'
import { uuidText } from '../protocol/objects.ts'
import type { RpcSession } from '../session/session.ts'
import type { Rpc } from './rpc.ts'

/** Events tell at once; asking now and then is for what they could miss. */
const POLL_MS = 5000
/** Between two looks for a daemon that is being started anew. */
const RETRY_MS = 500

/** Waits for a domain's state by its lifecycle events, over restarts of the daemon. */
export async function awaitDomain(
  rpc: Rpc,
  id: string,
  ask: () => Promise<DomainCondition | undefined>,
  accept: (condition: DomainCondition | undefined) => boolean,
  options: Parameters<DomainReader['awaitDomain']>[2],
): Promise<DomainCondition | undefined> {
  const { timeoutMs, signal } = options
  const end = Date.now() + timeoutMs
  let wake: () => void = () => undefined
  let heard: { session: RpcSession; end: () => Promise<void> } | undefined

  const listen = async (): Promise<void> => {
    const session = await rpc.session()
    if (heard?.session === session) return
    const stop = await session.events.listen(['lifecycle'], ({ kind, message }) => {
      if (kind === 'lifecycle' && isDomain(id, message.domain)) wake()
    })
    heard = { session, end: stop }
    void session.closed.then(() => wake())
  }
  const look = async (): Promise<DomainCondition | undefined> => {
    for (;;) {
      try {
        await listen()
        return await ask()
      } catch (error) {
        const away = error instanceof LibvirtLost || error instanceof LibvirtUnavailable
        if (!away || Date.now() + RETRY_MS > end) throw error
        await delay(RETRY_MS, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted())
      }
    }
  }
  const nudge = (): Promise<void> =>
    new Promise<void>((resolve) => {
      wake = resolve
    })
  try {
    return await awaitByAsking(look, accept, { ...options, pollMs: POLL_MS, nudge })
  } finally {
    void heard?.end()
  }
}

/** Whether an event's domain is the one that is meant. */
function isDomain(id: string, { name, uuid }: { name: string; uuid: Uint8Array }): boolean {
  return name === id || uuidText(uuid) === id.toLowerCase()
}
