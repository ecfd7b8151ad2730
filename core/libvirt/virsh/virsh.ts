import type { Libvirt } from '../types.ts'
import { Asking } from './asking.ts'
import { type RunScript, VirshBatch } from './batch.ts'
import { virshDomainChanges } from './domain-changes.ts'
import { virshDomains } from './domains.ts'
import { virshHost } from './host.ts'
import { virshNetworks } from './networks.ts'
import { virshStorage } from './storage.ts'

/**
 * libvirt by virsh on the host. `read` and `run` run a script there; all reads of one tick leave as one script, as do all
 * writes.
 */
export function createVirsh(options: { uri: string; read: RunScript; run: RunScript }): Libvirt {
  const virsh = new Asking(new VirshBatch(options.uri, options.read, options.run))
  return {
    ...virshHost(virsh),
    ...virshDomains(virsh),
    ...virshDomainChanges(virsh),
    ...virshNetworks(virsh),
    ...virshStorage(virsh),
    async setAutostart(kind, name, on) {
      const off = on ? [] : ['--disable']
      if (kind === 'domain') await virsh.tellDomain(name, ['autostart', ...off])
      else if (kind === 'network') await virsh.tell(['net-autostart', `--network=${name}`, ...off])
      else await virsh.tell(['pool-autostart', `--pool=${name}`, ...off])
    },
    query: (argv, { xml } = {}) => virsh.ask(argv, xml),
    command: (argv, { xml, timeoutMs, signal } = {}) => {
      const limits = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal ? { signal } : {}) }
      return virsh.change(argv, xml, Object.keys(limits).length > 0 ? limits : undefined)
    },
    native: async () => undefined,
  }
}
