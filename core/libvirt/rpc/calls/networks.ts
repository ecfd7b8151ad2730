import { NETWORK_SECTIONS, type NetworkReader, type NetworkWriter } from '../../api/networks.ts'
import { type NetworkRef, uuidText } from '../protocol/objects.ts'
import { connect, networks } from '../protocol/procedures.ts'
import { AFFECTS, bits, maybe, nameIn, type Rpc } from './rpc.ts'

/** virConnectListAllNetworksFlags. */
const LIST = { all: 0, active: 2, persistent: 4, autostart: 16 } as const
/** virNetworkUpdateCommand. */
const COMMAND = { modify: 1, delete: 2, 'add-last': 3, 'add-first': 4 } as const

/** Networks over RPC. */
export function rpcNetworks(rpc: Rpc): NetworkReader & NetworkWriter {
  const plain = (procedure: typeof networks.create) => (id: string) =>
    rpc.changeNetwork(id, (session, network) => session.call(procedure, { network }))
  return {
    networks: () =>
      rpc.read(async (session) => {
        const list = async (flags: number): Promise<readonly NetworkRef[]> =>
          (await session.call(connect.listNetworks, { wanted: 1, flags })).networks
        const [all, active, persistent, autostart] = await Promise.all([
          list(LIST.all),
          list(LIST.active).then(uuids),
          list(LIST.persistent).then(uuids),
          list(LIST.autostart).then(uuids),
        ])
        session.networks.remember(all)
        return all.map((network) => {
          const uuid = uuidText(network.uuid)
          return {
            name: network.name,
            uuid,
            active: active.has(uuid),
            autostart: autostart.has(uuid),
            persistent: persistent.has(uuid),
          }
        })
      }),
    networkXml: (id, { inactive } = {}) =>
      maybe(
        rpc.readNetwork(
          id,
          async (session, network) => {
            return (await session.call(networks.xml, { network, flags: inactive ? 1 : 0 })).xml
          },
          nameIn,
        ),
      ),
    leases: (id) =>
      rpc.readNetwork(id, async (session, network) => {
        const { leases } = await session.call(networks.leases, { network, mac: undefined, wanted: 1, flags: 0 })
        return leases.map(({ mac, address, hostname, expiry }) => ({
          mac: mac ?? '',
          address,
          expiry: utc(expiry),
          ...(hostname === undefined || hostname === '' ? {} : { hostname }),
        }))
      }),
    async defineNetwork(xml) {
      await rpc.change(`network ${nameIn(xml)}`, (session) => session.call(networks.define, { xml }))
    },
    startNetwork: plain(networks.create),
    destroyNetwork: plain(networks.destroy),
    undefineNetwork: plain(networks.undefine),
    updateNetwork: (id, update) =>
      rpc.changeNetwork(id, async (session, network) => {
        const { xml, parentIndex = -1 } = update
        const [first, second] = [COMMAND[update.command], NETWORK_SECTIONS[update.section]]
        const inOrder = await session.supports('networkUpdateOrder')
        const order = inOrder ? { command: first, section: second } : { command: second, section: first }
        const args = { network, ...order, parentIndex, xml, flags: bits(AFFECTS, { ...update }) }
        await session.call(networks.update, args)
      }),
  }
}

const uuids = (list: readonly NetworkRef[]): Set<string> => new Set(list.map((n) => uuidText(n.uuid)))

/** `2026-01-31 23:59:59` for seconds since 1970. */
const utc = (seconds: bigint): string => {
  const time = new Date(Number(seconds) * 1000)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString().slice(0, 19).replace('T', ' ')
}
