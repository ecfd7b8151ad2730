import type { DomainEvent, Subscription } from './api/native.ts'
import { type Libvirt, LibvirtError } from './types.ts'

/** What happens to the domains of a host, while somebody waits for them. */
export interface DomainWatch {
  /** Whether the daemon tells it; not where only virsh reaches it, nor once it was lost: then only asking helps. */
  readonly told: boolean
  /** Settles with the next event, or when events end; never where nothing is told. */
  next(): Promise<void>
  end(): Promise<void>
}

/** Events of all domains, from when this settles, where the daemon can tell them. Raises ConnectionError. */
export async function watchDomains(
  libvirt: Pick<Libvirt, 'native'>,
  kinds: readonly DomainEvent['kind'][],
  listener: (event: DomainEvent) => void,
): Promise<DomainWatch> {
  let wake: () => void = () => undefined
  let subscription: Subscription | undefined
  try {
    const native = await libvirt.native()
    subscription = await native?.subscribe(kinds, (event) => {
      listener(event)
      wake()
    })
  } catch (error) {
    // Why it cannot be told, whoever asks will be told too.
    if (!(error instanceof LibvirtError)) throw error
  }
  let told = subscription !== undefined
  void subscription?.lost.then(() => {
    told = false
    wake()
  })
  return {
    get told() {
      return told
    },
    next: () =>
      new Promise((resolve) => {
        wake = resolve
      }),
    end: async () => await subscription?.end(),
  }
}
