import { setTimeout as delay } from 'node:timers/promises'
import { LibvirtError } from '../errors.ts'

const ATTEMPTS = 20

/** libvirt refuses work on a pool while another job is in it; that passes. */
export async function whenPoolIsFree<T>(signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      const busy = error instanceof LibvirtError && /has asynchronous jobs running/.test(error.message)
      if (!busy || attempt >= ATTEMPTS) throw error
    }
    await delay(Math.min(100 * attempt, 1000), undefined, signal ? { signal } : {})
  }
}
