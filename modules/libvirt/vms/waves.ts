import { Gate } from '../../../core/connection/files/uplink.ts'
import { sh } from '../../../core/connection/quote.ts'
import type { Host } from '../../../core/module/types.ts'
import type { VmsArgs } from './args.ts'

/** Does a start when its turn has come. */
export type Starter = (start: () => Promise<void>) => Promise<void>

/** max_client_requests where the daemon's configuration does not say it (libvirtd.conf, virtqemud.conf). */
const REQUESTS = 5

const gates = new WeakMap<VmsArgs, Map<string, Gate>>()

/**
 * Lets no more than `wave` VMs of a host be started at once. A daemon works on so many requests of a client at the same time, the
 * rest waits in its socket: where that is not more than `wave`, all starts leave in one write, and take no more round trips for
 * fifty VMs than for five. Otherwise a start is sent when one of those before is done. By virsh they are done one after another anyway.
 */
export async function waves(host: Host, args: VmsArgs): Promise<Starter> {
  const [limit, native] = await Promise.all([requestLimit(host), host.libvirt.native()])
  if (native === undefined || limit <= args.wave) return (start) => start()
  const byHost = gates.get(args) ?? new Map<string, Gate>()
  gates.set(args, byHost)
  const gate = byHost.get(host.name) ?? new Gate()
  byHost.set(host.name, gate)
  return async (start) => {
    const leave = await gate.enter(args.wave)
    try {
      host.signal.throwIfAborted()
      await start()
    } finally {
      leave()
    }
  }
}

/** The larger one, where libvirtd and virtqemud are both configured: which of them answers is not known here. */
async function requestLimit(host: Host): Promise<number> {
  const files = ['/etc/libvirt/libvirtd.conf', '/etc/libvirt/virtqemud.conf']
  const answer = await host.read(
    sh`sed -n 's/^[[:space:]]*max_client_requests[[:space:]]*=[[:space:]]*\\([0-9]\\{1,6\\}\\).*/\\1/p' ${files} 2>/dev/null; true`,
  )
  const said = answer.stdout.toString().split('\n').filter(Boolean).map(Number)
  return said.length === 0 ? REQUESTS : Math.max(...said)
}
