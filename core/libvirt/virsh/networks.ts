import type { NetworkReader, NetworkWriter } from '../api/networks.ts'
import { type Asking, affecting, switches } from './asking.ts'
import { leaseRows, lines, stateRows } from './tables.ts'

/** Networks by virsh. */
export function virshNetworks(virsh: Asking): NetworkReader & NetworkWriter {
  const tell = (verb: string) => (network: string) => virsh.tell([verb, `--network=${network}`])
  return {
    async networks() {
      const [table, uuids] = await Promise.all([
        virsh.ask(['net-list', '--all']),
        virsh.ask(['net-list', '--all', '--uuid']),
      ])
      const ids = lines(uuids).map((line) => line.trim())
      return stateRows(table).map(({ name, active, flags }, i) => ({
        name,
        uuid: ids[i] ?? '',
        active,
        autostart: flags[0] ?? false,
        persistent: flags[1] ?? false,
      }))
    },
    networkXml: (network, { inactive } = {}) =>
      virsh.maybe(virsh.ask(['net-dumpxml', `--network=${network}`, ...switches({ inactive })])),
    leases: async (network) => leaseRows(await virsh.ask(['net-dhcp-leases', `--network=${network}`])),
    defineNetwork: (xml) => virsh.tell(['net-define'], xml),
    startNetwork: tell('net-start'),
    destroyNetwork: tell('net-destroy'),
    undefineNetwork: tell('net-undefine'),
    updateNetwork: (network, { command, section, xml, parentIndex = -1, ...affects }) =>
      virsh.tell(
        [
          'net-update',
          `--network=${network}`,
          command,
          section,
          ...affecting(affects),
          ...(parentIndex < 0 ? [] : [`--parent-index=${parentIndex}`]),
          '--xml',
        ],
        xml,
      ),
  }
}
