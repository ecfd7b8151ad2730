import { type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import type { NetworkArgs } from './declaration.ts'

/** A network that is there. */
export interface Network {
  readonly uuid: string
  readonly active: boolean
  readonly autostart: boolean
  readonly config: Element | undefined
  readonly live: Element | undefined
  /** Interfaces of guests on it. */
  readonly connections: number
}

/** Undefined: there is no such network. */
export type NetworkState = Answer<Network | undefined>

/** One round trip. */
export async function probeNetwork(host: Reader, args: NetworkArgs): Promise<NetworkState> {
  return await ask(host, async (libvirt) => {
    const [networks, config, live] = await Promise.all([
      libvirt.networks(),
      libvirt.networkXml(args.name, { inactive: true }),
      libvirt.networkXml(args.name),
    ])
    const found = networks.find((n) => n.name === args.name)
    if (!found) return undefined
    const running = found.active && live !== undefined ? parseXml(live) : undefined
    return {
      uuid: found.uuid,
      active: found.active,
      autostart: found.autostart,
      config: config === undefined ? undefined : parseXml(config),
      live: running,
      connections: Number(running?.attributes.connections ?? 0),
    }
  })
}
