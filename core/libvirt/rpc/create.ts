import type { Libvirt } from '../types.ts'
import { rpcDomainChanges } from './calls/domain-changes.ts'
import { rpcDomains } from './calls/domains.ts'
import { rpcHost } from './calls/host.ts'
import { rpcNative } from './calls/native.ts'
import { rpcNetworks } from './calls/networks.ts'
import { type Around, Rpc } from './calls/rpc.ts'
import { rpcStorage } from './calls/storage.ts'
import { domains, networks, storage } from './protocol/procedures.ts'
import type { RpcSession } from './session/session.ts'

export interface RpcOptions {
  /** The session that calls go through; asked for again for each, so that one that was lost is replaced. */
  readonly session: () => Promise<RpcSession>
  /** A new session, for a transfer; the one who asked closes it. */
  readonly another: () => Promise<RpcSession>
  /** For `query` and `command`, which speak virsh. */
  readonly virsh: Libvirt
  /** Stand around every read and every change: for time limits, aborts, and who keeps count of what is written where. */
  readonly reading?: Around
  readonly changing?: Around
}

/** libvirt on one host by its own RPC. */
export function createRpc({ session, another, virsh, reading, changing }: RpcOptions): Libvirt {
  const rpc = new Rpc(session, { ...(reading && { reading }), ...(changing && { changing }) })
  const native = rpcNative(rpc, another)
  return {
    ...rpcHost(rpc),
    ...rpcDomains(rpc),
    ...rpcDomainChanges(rpc),
    ...rpcNetworks(rpc),
    ...rpcStorage(rpc),
    async setAutostart(kind, name, on) {
      const autostart = on
      if (kind === 'domain') {
        await rpc.changeDomain(name, (s, domain) => s.call(domains.setAutostart, { domain, autostart }))
      } else if (kind === 'network') {
        await rpc.changeNetwork(name, (s, network) => s.call(networks.setAutostart, { network, autostart }))
      } else await rpc.changePool(name, (s, pool) => s.call(storage.setAutostart, { pool, autostart }))
    },
    query: (argv, options) => rpc.readElsewhere(() => virsh.query(argv, options)),
    command: (argv, options) => rpc.changeElsewhere(() => virsh.command(argv, options)),
    native: async () => native,
  }
}
