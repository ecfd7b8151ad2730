import type { Json, JsonObject } from '../events/json.ts'
import type { Inventory } from '../inventory/index.ts'
import { defaultEnvironment, resolveAsync, type Scope, toJson, type Value, type Variables } from '../language/index.ts'

/** Variables that say how a host and its libvirt are reached, and as whom. */
const ACCESS = new RegExp(
  `^(?:ansible_(?:${[
    'connection|host|port|user|password|timeout|remote_tmp|shell_executable|host_key_checking',
    'private_key_\\w+|ssh_\\w+|become|become_\\w+|(?:sudo|su|doas)_\\w+',
  ].join('|')})|virtfleet_host_key\\w*|libvirt_uri)$`,
)

/** Variables of one host without a play, weakest last: those of the inventory itself, the command line's, the host's layers. */
export class HostVariables implements Scope {
  readonly environment = defaultEnvironment()
  readonly #magic: ReadonlyMap<string, () => Value>
  readonly #layers: readonly Variables[]

  constructor(inventory: Inventory, host: string, extra: Variables = new Map()) {
    const groups = [...inventory.groups.keys()]
    this.#magic = new Map<string, () => Value>([
      ['inventory_hostname', () => host],
      ['inventory_hostname_short', () => host.split('.')[0] ?? host],
      ['group_names', () => groups.filter((g) => g !== 'all' && inventory.hostsOf(g).includes(host)).sort()],
      ['groups', () => new Map(groups.map((g): [string, Value] => [g, [...inventory.hostsOf(g)]]))],
    ])
    const layers = inventory.layers(host).map((layer) => layer.variables)
    this.#layers = [extra, ...layers.toReversed()]
  }

  get(name: string): Value | undefined {
    return this.#magic.get(name)?.() ?? this.#layers.find((layer) => layer.has(name))?.get(name)
  }

  *names(): Iterable<string> {
    yield* new Set([...this.#magic.keys(), ...this.#layers.flatMap((layer) => [...layer.keys()])])
  }

  /** Those about access that are defined, resolved. Raises DiagnosticError. */
  async access(): Promise<JsonObject> {
    const found: Record<string, Json> = {}
    for (const name of this.names()) {
      if (!ACCESS.test(name)) continue
      const value = this.get(name)
      if (value !== undefined && value !== null) found[name] = toJson(await resolveAsync(value, this))
    }
    return found
  }
}
