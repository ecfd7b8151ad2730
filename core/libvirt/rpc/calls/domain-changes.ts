import type { DomainWriter, SnapshotOptions } from '../../api/domains.ts'
import { LibvirtError } from '../../errors.ts'
import { undefining } from '../../undefining.ts'
import { domains, snapshots } from '../protocol/procedures.ts'
import { METADATA_ELEMENT } from './domains.ts'
import { AFFECTS, bits, nameIn, type Rpc } from './rpc.ts'

const VALIDATE = 1
const POWER_MODE = { acpi: 1, agent: 2 } as const
const UNDEFINE: Readonly<Record<string, number>> = {
  '--managed-save': 1,
  '--snapshots-metadata': 2,
  '--nvram': 4,
  '--keep-nvram': 8,
  '--checkpoints-metadata': 16,
  '--tpm': 32,
  '--keep-tpm': 64,
}
const MAXIMUM = { ...AFFECTS, maximum: 4 } as const
const BLOCK_ABORT = { async: 1, pivot: 2 } as const
const COMMIT = { shallow: 1, delete: 2, active: 4 } as const
const SAVE = { bypassCache: 1, running: 2, paused: 4 } as const
const CREATE: Readonly<Record<keyof SnapshotOptions, number>> = {
  redefine: 1,
  current: 2,
  noMetadata: 4,
  halt: 8,
  diskOnly: 16,
  reuseExternal: 32,
  quiesce: 64,
  atomic: 128,
  live: 256,
}
const REVERT = { running: 1, paused: 2, force: 4 } as const
const DELETE = { children: 1, metadataOnly: 2, childrenOnly: 4 } as const
/** VIR_DOMAIN_QEMU_AGENT_COMMAND_DEFAULT. */
const AGENT_TIMEOUT = -2
const BYTES = 1

/** Domains over RPC, changed. */
export function rpcDomainChanges(rpc: Rpc): DomainWriter {
  const plain = (procedure: typeof domains.suspend | typeof domains.resume | typeof domains.abortJob) => {
    return (id: string) => rpc.changeDomain(id, (session, domain) => session.call(procedure, { domain }))
  }
  const flagged = (procedure: typeof domains.reset, flags: (options?: object) => number = () => 0) => {
    return (id: string, options?: object) =>
      rpc.changeDomain(id, (session, domain) => session.call(procedure, { domain, flags: flags(options) }))
  }
  const device = (procedure: typeof domains.attachDevice, values: Readonly<Record<string, number>>) => {
    return (id: string, xml: string, affects?: object) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(procedure, { domain, xml, flags: bits(values, { ...affects }) }),
      )
  }
  const mode = (options?: object): number => {
    const wanted = (options as { mode?: keyof typeof POWER_MODE } | undefined)?.mode
    return wanted === undefined ? 0 : POWER_MODE[wanted]
  }
  const onSnapshot = (
    procedure: typeof snapshots.delete,
    values: Readonly<Record<string, number>>,
  ): ((id: string, name: string, options?: object) => Promise<void>) => {
    return (id, name, options) =>
      rpc.changeDomain(id, async (session, domain) => {
        const { snapshot } = await session.call(snapshots.lookup, { domain, name, flags: 0 })
        await session.call(procedure, { snapshot, flags: bits(values, { ...options }) })
      })
  }
  return {
    async defineDomain(xml, { validate = true } = {}) {
      await rpc.change(`domain ${nameIn(xml)}`, async (session) => {
        const define = (checked: boolean) => session.call(domains.define, { xml, flags: checked ? VALIDATE : 0 })
        session.domains.learn((await (validate ? session.validation.define(xml, define) : define(false))).domain)
      })
    },
    startDomain: (id, { paused } = {}) =>
      rpc.changeDomain(id, (session, domain) => session.callInTurn(domains.create, { domain, flags: paused ? 1 : 0 })),
    shutdownDomain: flagged(domains.shutdown, mode),
    rebootDomain: flagged(domains.reboot, mode),
    resetDomain: flagged(domains.reset),
    destroyDomain: flagged(domains.destroy, (options) => bits({ graceful: 1 }, { ...options })),
    suspendDomain: plain(domains.suspend),
    resumeDomain: plain(domains.resume),
    wakeDomain: flagged(domains.wake),
    async undefineDomain(id, names) {
      await undefining(names, async (known) => {
        const flags = known.reduce((all, name) => all | undefineFlag(name), 0)
        await rpc.changeDomain(id, (session, domain) => session.call(domains.undefine, { domain, flags }))
      })
    },
    renameDomain: (id, to) =>
      rpc.changeDomain(id, (session, domain) => session.call(domains.rename, { domain, name: to, flags: 0 })),
    attachDevice: device(domains.attachDevice, AFFECTS),
    detachDevice: device(domains.detachDevice, AFFECTS),
    updateDevice: device(domains.updateDevice, { ...AFFECTS, force: 4 }),
    setVcpus: (id, count, options) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(domains.setVcpus, { domain, count, flags: bits(MAXIMUM, { ...options }) }),
      ),
    setMemory: (id, kib, options) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(domains.setMemory, { domain, kib: BigInt(kib), flags: bits(MAXIMUM, { ...options }) }),
      ),
    resizeBlock: (id, disk, bytes) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(domains.resizeBlock, { domain, disk, size: BigInt(bytes), flags: BYTES }),
      ),
    abortJob: plain(domains.abortJob),
    abortBlockJob: (id, disk, options) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(domains.abortBlockJob, { domain, disk, flags: bits(BLOCK_ABORT, options) }),
      ),
    commitBlock: (id, disk, { base, top, ...how } = {}) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(domains.commitBlock, { domain, disk, base, top, bandwidth: 0n, flags: bits(COMMIT, how) }),
      ),
    managedSave: flagged(domains.managedSave, (options) => bits(SAVE, { ...options })),
    removeManagedSave: flagged(domains.removeManagedSave),
    setDomainMetadata: (id, { uri, key, xml }, affects) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(domains.setMetadata, {
          domain,
          type: METADATA_ELEMENT,
          metadata: xml,
          key: xml === undefined ? undefined : key,
          uri,
          flags: bits(AFFECTS, { ...affects }),
        }),
      ),
    createSnapshot: (id, xml, options) =>
      rpc.changeDomain(id, (session, domain) =>
        session.call(snapshots.create, { domain, xml, flags: bits(CREATE, { ...options }) }),
      ),
    revertSnapshot: onSnapshot(snapshots.revert, REVERT),
    deleteSnapshot: onSnapshot(snapshots.delete, DELETE),
    agentCommand: (id, command, { timeoutSeconds = AGENT_TIMEOUT } = {}) =>
      rpc.change(`domain ${id}`, (session) =>
        session.domains.change(id, async (domain) => {
          const args = { domain, command, timeout: timeoutSeconds, flags: 0 }
          return (await session.call(domains.agentCommand, args)).result ?? ''
        }),
      ),
  }
}

function undefineFlag(name: string): number {
  const flag = UNDEFINE[name]
  if (flag === undefined) throw new LibvirtError(`undefine has no flag '${name}'`)
  return flag
}
