import type { DomainReader } from '../../api/domains.ts'
import type { BlockJob, DomainCondition, StatsGroup } from '../../api/states.ts'
import { CODE, LibvirtError } from '../../errors.ts'
import { stateOf } from '../../states.ts'
import { connect, domains, snapshots } from '../protocol/procedures.ts'
import { awaitDomain } from './await-domain.ts'
import { listDomains } from './list-domains.ts'
import { jobOf, parameterText } from './parameters.ts'
import { bits, maybe, nameIn, type Rpc } from './rpc.ts'

const XML = { secure: 1, inactive: 2, migratable: 8 } as const
const STATS: Readonly<Record<StatsGroup, number>> = {
  state: 1,
  'cpu-total': 2,
  balloon: 4,
  vcpu: 8,
  interface: 16,
  block: 32,
  perf: 64,
  iothread: 128,
  memory: 256,
  dirtyrate: 512,
}
const ADDRESSES = { lease: 0, agent: 1, arp: 2 } as const
const BLOCK_JOBS: readonly BlockJob['type'][] = ['unknown', 'pull', 'copy', 'commit', 'active commit', 'backup']
/** VIR_DOMAIN_METADATA_ELEMENT. */
export const METADATA_ELEMENT = 2
/** VIR_DOMAIN_SNAPSHOT_LIST_TOPOLOGICAL, since libvirt 5.2. */
const TOPOLOGICAL = 1 << 10

/** Domains over RPC, read. */
export function rpcDomains(rpc: Rpc): DomainReader {
  const domainState = (id: string): Promise<DomainCondition | undefined> =>
    maybe(
      rpc.readDomain(id, async (session, domain) => {
        const { state, reason } = await session.call(domains.state, { domain, flags: 0 })
        return stateOf(state, reason)
      }),
    )

  return {
    domains: () => rpc.read(listDomains),
    domainState,
    domainXml: (id, options) =>
      maybe(
        rpc.readDomain(
          id,
          async (session, domain) => {
            return (await session.call(domains.xml, { domain, flags: bits(XML, options) })).xml
          },
          nameIn,
        ),
      ),
    domainStats: ({ domains: some = [], groups = [] } = {}) =>
      rpc.read(async (session) => {
        const wanted = await Promise.all(some.map((id) => session.domains.find(id)))
        const stats = groups.reduce((all, group) => all | STATS[group], 0)
        const { records } = await session.call(connect.domainStats, { domains: wanted, stats, flags: 0 })
        return records.map(({ domain, parameters }) => ({
          name: domain.name,
          values: Object.fromEntries(parameters.map((p) => [p.field, parameterText(p)])),
        }))
      }),
    domainAddresses: (id, source = 'lease') =>
      rpc.readDomain(id, async (session, domain) => {
        const { interfaces } = await session.call(domains.addresses, { domain, source: ADDRESSES[source], flags: 0 })
        return interfaces.map(({ name, mac, addresses }) => ({
          name,
          mac,
          addresses: addresses.map(({ address, prefix }) => ({ address, prefix })),
        }))
      }),
    domainJob: (id) =>
      rpc.readDomain(id, async (session, domain) => {
        const { type, parameters } = await session.call(domains.jobStats, { domain, flags: 0 })
        return jobOf(type, parameters)
      }),
    blockJob: (id, disk) =>
      rpc.readDomain(id, async (session, domain) => {
        const job = await session.call(domains.blockJob, { domain, disk, flags: 0 })
        if (!job.found) return undefined
        return { type: BLOCK_JOBS[job.type] ?? 'unknown', current: Number(job.current), end: Number(job.end) }
      }),
    domainMetadata: (id, uri, { inactive } = {}) =>
      rpc.readDomain(id, (session, domain) => {
        const args = { domain, type: METADATA_ELEMENT, uri, flags: inactive ? 2 : 0 }
        return unless(CODE.noMetadata, async () => (await session.call(domains.metadata, args)).metadata.trim())
      }),
    snapshots: (id) =>
      rpc.readDomain(id, async (session, domain) => {
        const args = { domain, wanted: 1, flags: TOPOLOGICAL }
        return (await session.call(snapshots.list, args)).snapshots.map((s) => s.name)
      }),
    currentSnapshot: (id) =>
      rpc.readDomain(id, (session, domain) =>
        unless(
          CODE.noSnapshot,
          async () => (await session.call(snapshots.current, { domain, flags: 0 })).snapshot.name,
        ),
      ),
    snapshotXml: (id, name, { secure } = {}) =>
      maybe(
        rpc.readDomain(id, async (session, domain) => {
          const { snapshot } = await session.call(snapshots.lookup, { domain, name, flags: 0 })
          return (await session.call(snapshots.xml, { snapshot, flags: secure ? 1 : 0 })).xml
        }),
      ),
    checkpoints: (id) =>
      rpc.readDomain(id, async (session, domain) => {
        const names = await unless(CODE.noSupport, async () => {
          const { checkpoints } = await session.call(snapshots.listCheckpoints, { domain, wanted: 1, flags: 0 })
          return checkpoints.map((c) => c.name)
        })
        return names ?? []
      }),
    awaitDomain: (id, accept, options) => awaitDomain(rpc, id, () => domainState(id), accept, options),
  }
}

/** Undefined where libvirt answers with that code. */
async function unless<T>(code: number, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof LibvirtError && error.code === code) return undefined
    throw error
  }
}
