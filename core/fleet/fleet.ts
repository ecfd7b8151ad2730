import type { ConnectionPool } from '../connection/index.ts'
import type { Inventory } from '../inventory/index.ts'
import type { Redactor } from '../secrets/index.ts'
import { type AccessDefaults, accessOf } from './access.ts'
import { FleetHost } from './host.ts'
import { chooseVm, parseVmName } from './names.ts'
import { askHost, type FleetVm, type HostAnswer } from './vms.ts'

export interface FleetOptions {
  readonly inventory: Inventory
  readonly pool: ConnectionPool
  readonly redactor: Redactor
  readonly access: AccessDefaults
}

/** A VM and the host it is on. */
export interface FoundVm {
  readonly host: FleetHost
  readonly vm: FleetVm
  /** Of the hosts that were asked to find it. */
  readonly answers: readonly HostAnswer[]
}

/** The hosts of an inventory, and the VMs on them. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #hosts = new Map<string, Promise<FleetHost>>()

  constructor(options: FleetOptions) {
    this.#options = options
  }

  get names(): readonly string[] {
    return [...this.#options.inventory.hosts.keys()]
  }

  /** Raises DiagnosticError where the inventory does not say how it is reached. */
  host(name: string): Promise<FleetHost> {
    const known = this.#hosts.get(name)
    if (known) return known
    const { inventory, pool, redactor, access } = this.#options
    const host = accessOf(inventory, name, access, (secret) => void redactor.add(secret)).then(
      (found) => new FleetHost(found, pool),
    )
    this.#hosts.set(name, host)
    return host
  }

  /** What each of these hosts says of its VMs, all asked at the same time; all hosts unless some are named. */
  ask(hosts: readonly string[] = this.names): Promise<HostAnswer[]> {
    return Promise.all(hosts.map((name) => askHost(name, () => this.host(name))))
  }

  /** Finds a VM by `name` or `name@host`; the second asks that host alone. Raises FleetError. */
  async find(text: string, purpose: 'look' | 'change'): Promise<FoundVm> {
    const { hosts } = this.#options.inventory
    const wanted = parseVmName(text, (name) => hosts.has(name))
    const answers = await this.ask(wanted.host === undefined ? this.names : [wanted.host])
    const vm = chooseVm(wanted, answers, purpose)
    return { host: await this.host(vm.host), vm, answers }
  }

  async close(): Promise<void> {
    const hosts = await Promise.allSettled(this.#hosts.values())
    const closing = hosts.map((host) => (host.status === 'fulfilled' ? host.value.close() : undefined))
    // The good-byes are on their way before the connections end; nobody waits for their answers.
    await Promise.all([...closing, this.#options.pool.closeAll()])
  }
}
