import { awaitByAsking } from '../../../../core/libvirt/await.ts'
import { LibvirtLost, LibvirtNotAsked } from '../../../../core/libvirt/types.ts'
import { type DomainWatch, watchDomains } from '../../../../core/libvirt/watch.ts'
import { child, childrenOf, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { type Host, ModuleFailure } from '../../../../core/module/types.ts'

/** A VM that is waited for. */
export interface Awaited {
  readonly name: string
  readonly uuid: string
  /** Known already, since it is a fixed one. */
  readonly address: string | undefined
  /** It was given a seed for cloud-init. */
  readonly seeded: boolean
}

/** What is known of its guest by now. */
export interface Guest extends Awaited {
  address: string | undefined
  macs: readonly string[]
  /** none: it has no channel for one. */
  agent: 'none' | 'away' | 'connected'
  /** Where libvirt keeps what it says on its console. */
  consoleLog: string | undefined
  /** It has to be asked for anew. */
  stale: boolean
  /** Why waiting for it has ended without what was waited for. */
  failure: Error | undefined
}

const AGENT = 'org.qemu.guest_agent.0'
/** Where the daemon tells what happens, asking is for what could be missed. */
const SELDOM_MS = 10_000

/** The guests of one host while they are waited for, until one moment for all. */
export class Guests {
  readonly host: Host
  readonly all: readonly Guest[]
  readonly #end: number
  readonly #watch: DomainWatch

  private constructor(host: Host, all: readonly Guest[], end: number, watch: DomainWatch) {
    this.host = host
    this.all = all
    this.#end = end
    this.#watch = watch
  }

  /** `end` in milliseconds since the epoch. */
  static async open(host: Host, awaited: readonly Awaited[], end: number): Promise<Guests> {
    const all = awaited.map(
      (one): Guest => ({ ...one, macs: [], agent: 'none', consoleLog: undefined, stale: true, failure: undefined }),
    )
    const byUuid = new Map(all.map((guest) => [guest.uuid, guest]))
    const watch = await watchDomains(host.libvirt, ['lifecycle', 'agent lifecycle'], (event) => {
      const guest = byUuid.get(event.uuid)
      if (!guest) return
      if (event.kind === 'agent lifecycle') guest.agent = event.connected ? 'connected' : 'away'
      else guest.stale = true
    })
    return new Guests(host, all, end, watch)
  }

  close(): Promise<void> {
    return this.#watch.end()
  }

  /** Those that are still waited for. */
  get left(): Guest[] {
    return this.all.filter((guest) => guest.failure === undefined)
  }

  /**
   * Looks at those that are not there yet, again and again: at each event, and after `pollMs` (where the daemon tells nothing, after
   * `unwatchedMs` at the latest). Whoever is left at the end fails with `late`.
   */
  async until(
    there: (guest: Guest) => boolean,
    look: (missing: readonly Guest[]) => Promise<void>,
    options: { pollMs: () => number; unwatchedMs: number; late: (guest: Guest) => string; hint?: string },
  ): Promise<void> {
    const missing = (): Guest[] => this.left.filter((guest) => !there(guest))
    let asked = 0
    const round = async (): Promise<number> => {
      try {
        const long = Date.now() - asked >= (this.#watch.told ? SELDOM_MS : options.unwatchedMs)
        const stale = missing().filter((guest) => long || guest.stale)
        if (long) asked = Date.now()
        await this.#ask(stale)
        await look(missing())
      } catch (error) {
        // The daemon is being started anew, and will answer again.
        if (!(error instanceof LibvirtLost || error instanceof LibvirtNotAsked)) throw error
      }
      return missing().length
    }
    if (missing().length === 0) return
    await awaitByAsking(round, (count) => count === 0, {
      timeoutMs: Math.max(0, this.#end - Date.now()),
      pollMs: () => Math.min(options.pollMs(), this.#watch.told ? SELDOM_MS : options.unwatchedMs),
      signal: this.host.signal,
      nudge: () => this.#watch.next(),
    })
    await Promise.all(
      missing().map(async (guest) => {
        guest.failure = new ModuleFailure(`${options.late(guest)}${await this.#standing(guest)}`, {
          ...(options.hint !== undefined && { hint: options.hint }),
        })
      }),
    )
  }

  /** Its interfaces, agent and console, from what runs; whoever does not run is waited for no longer. */
  async #ask(guests: readonly Guest[]): Promise<void> {
    await Promise.all(
      guests.map(async (guest) => {
        guest.stale = false
        const text = await this.host.libvirt.domainXml(guest.name)
        const domain = text === undefined ? undefined : parseXml(text)
        // What runs has a number.
        if (domain?.attributes.id === undefined) {
          guest.failure = new ModuleFailure(`it does not run any more${await this.#standing(guest)}`)
          return
        }
        const devices = child(domain, 'devices')
        const channel = childrenOf(devices, 'channel').find((one) => child(one, 'target')?.attributes.name === AGENT)
        guest.agent = !channel
          ? 'none'
          : child(channel, 'target')?.attributes.state === 'connected'
            ? 'connected'
            : 'away'
        guest.macs = childrenOf(devices, 'interface').flatMap(
          (nic) => child(nic, 'mac')?.attributes.address?.toLowerCase() ?? [],
        )
        guest.consoleLog = childrenOf(devices, 'serial').flatMap((one) => child(one, 'log')?.attributes.file ?? [])[0]
      }),
    )
  }

  /** Its state, where that tells something. */
  async #standing({ name }: Guest): Promise<string> {
    const condition = await this.host.libvirt.domainState(name).catch(() => undefined)
    return condition === undefined || condition.state === 'running' ? '' : ` (${condition.state}: ${condition.reason})`
  }
}
