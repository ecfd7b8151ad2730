import { setTimeout as delay } from 'node:timers/promises'
import type { Become } from '../../connection/index.ts'
import { LibvirtError } from '../../libvirt/errors.ts'
import { createRpc, preferRpc, type RpcSessions } from '../../libvirt/rpc/index.ts'
import type { Libvirt } from '../../libvirt/types.ts'

export interface LibvirtOptions {
  /** Such as `qemu:///system`. */
  readonly uri: string
  readonly become: Become | undefined
  readonly virsh: Libvirt
  readonly sessions: () => Promise<RpcSessions>
  readonly signal: AbortSignal
  /** Milliseconds after which a read is given up: a daemon that hangs says nothing. */
  readonly readTimeoutMs: number
  /** A change begins, in no order with the shell's commands; called when it has ended. */
  readonly begin: () => () => void
}

/** libvirt for one task on a host by its own protocol; by virsh where nothing there leads to its socket. */
export function nativeLibvirt(options: LibvirtOptions): Libvirt {
  const { uri, become, virsh, sessions, signal, readTimeoutMs, begin } = options
  const key = { uri, ...(become && { become }) }
  const session = async () => (await sessions()).get(key)
  const rpc = createRpc({
    session,
    another: async () => (await sessions()).another(key, signal),
    virsh,
    reading: (work) => within(work(), signal, readTimeoutMs),
    changing: async (work) => {
      const end = begin()
      try {
        return await within(work(), signal)
      } finally {
        end()
      }
    },
  })
  return preferRpc(rpc, session, virsh)
}

/** What is not waited for any more goes on in the daemon, as libvirt has no way to call it back. */
async function within<T>(work: Promise<T>, signal: AbortSignal, limitMs?: number): Promise<T> {
  signal.throwIfAborted()
  work.catch(() => undefined)
  const over = new AbortController()
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { signal: over.signal })
      }),
      ...(limitMs === undefined
        ? []
        : [
            delay(limitMs, undefined, { signal: over.signal, ref: false }).then(
              () => {
                throw new LibvirtError(`libvirt has not answered for ${limitMs / 1000} s`)
              },
              () => new Promise<never>(() => undefined),
            ),
          ]),
    ])
  } finally {
    over.abort()
  }
}
