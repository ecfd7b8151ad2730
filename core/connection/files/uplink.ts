import { resolveEndpoint } from '../config/resolve.ts'
import type { Endpoint } from '../types.ts'

/** Large uploads at once over one uplink, unless told: enough to fill it, few enough that each one ends soon. */
export const UPLOADS = 4

/**
 * The narrow way that hosts share: their first bastion, a proxy command, or the controller's own line. Undefined for the
 * controller itself.
 */
export async function uplinkOf(endpoint: Endpoint): Promise<string | undefined> {
  if (endpoint.transport === 'local') return undefined
  const resolved = await resolveEndpoint(endpoint)
  const [bastion] = resolved.proxyJump
  if (bastion) return `${bastion.host}:${bastion.port}`
  return endpoint.proxyCommand ?? ''
}

interface Waiting {
  readonly limit: number
  readonly begin: () => void
}

/** Lets so many pass at once, the others in their order. */
export class Gate {
  #busy = 0
  readonly #queue: Waiting[] = []

  /** Resolves with what gives the place back. `onWaiting` is told how many are ahead; rejects with the signal's reason. */
  async enter(limit: number, signal?: AbortSignal, onWaiting?: (ahead: number) => void): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#busy >= limit || this.#queue.length > 0) {
      onWaiting?.(this.#busy + this.#queue.length)
      await this.#turn(limit, signal)
    } else this.#busy++
    let given = false
    return () => {
      if (given) return
      given = true
      this.#busy--
      this.#next()
    }
  }

  #turn(limit: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1)
        reject(signal?.reason as Error)
        this.#next()
      }
      const waiting = {
        limit,
        begin: () => {
          signal?.removeEventListener('abort', aborted)
          resolve()
        },
      }
      signal?.addEventListener('abort', aborted, { once: true })
      this.#queue.push(waiting)
    })
  }

  #next(): void {
    for (let first = this.#queue[0]; first && this.#busy < first.limit; first = this.#queue[0]) {
      this.#queue.shift()
      this.#busy++
      first.begin()
    }
  }
}

const gates = new Map<string, Gate>()

/** The gate of an uplink, shared by all hosts behind it. */
export function gateOf(uplink: string): Gate {
  const gate = gates.get(uplink) ?? new Gate()
  gates.set(uplink, gate)
  return gate
}
