import { nativeLibvirt } from '../../../core/engine/host/libvirt.ts'
import { RpcSessions } from '../../../core/libvirt/rpc/index.ts'
import type { Libvirt } from '../../../core/libvirt/types.ts'
import type { Host } from '../../../core/module/types.ts'

/** A host whose libvirt is spoken to by its own protocol, as tasks of fleet modules do. */
export interface RpcHost extends Host {
  close(): Promise<void>
}

/** The same host by RPC. `around` may stand between the task and libvirt. */
export async function rpcHost(host: Host, around: (libvirt: Libvirt) => Libvirt = (same) => same): Promise<RpcHost> {
  const sessions = new RpcSessions(await host.connection())
  const libvirt = nativeLibvirt({
    uri: 'qemu:///system',
    become: undefined,
    virsh: host.libvirt,
    sessions: async () => sessions,
    signal: host.signal,
    readTimeoutMs: 60_000,
    begin: () => () => undefined,
  })
  return { ...host, libvirt: around(libvirt), close: () => sessions.close() }
}
