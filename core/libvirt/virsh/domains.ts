import type { DomainReader } from '../api/domains.ts'
import type { DomainState, DomainSummary } from '../api/states.ts'
import { awaitByAsking } from '../await.ts'
import { CODE, isAbsent, LibvirtError } from '../errors.ts'
import { stateOf } from '../states.ts'
import { type Asking, switches } from './asking.ts'
import { blockJobOf, interfaceRows, jobOf, statsBlocks } from './fields.ts'
import { domainStates, lines, uuidNames } from './tables.ts'

/** Between two questions of one who waits. */
const POLL_MS = 500

/** Domains by virsh, read. */
export function virshDomains(virsh: Asking): DomainReader {
  async function domains(): Promise<DomainSummary[]> {
    const [list, autostart, persistent, saved, stats] = await Promise.all([
      virsh.ask(['list', '--all', '--uuid', '--name']),
      virsh.ask(['list', '--all', '--autostart', '--uuid']),
      virsh.ask(['list', '--all', '--persistent', '--uuid']),
      virsh.ask(['list', '--all', '--with-managed-save', '--uuid']),
      virsh.ask(['domstats', '--raw', '--state']),
    ])
    const states = domainStates(stats)
    const [auto, kept, save] = [autostart, persistent, saved].map((output) => new Set(lines(output).map(trim)))
    return uuidNames(list).map(({ uuid, name }) => {
      const numbers = states.get(name) ?? { state: 0, reason: 0 }
      return {
        name,
        uuid,
        ...stateOf(numbers.state, numbers.reason),
        persistent: kept?.has(uuid) ?? false,
        autostart: auto?.has(uuid) ?? false,
        managedSave: save?.has(uuid) ?? false,
      }
    })
  }

  const domainState: DomainReader['domainState'] = async (domain) => {
    const said = await virsh.maybe(virsh.askDomain(domain, 'domstate', '--reason'))
    if (said === undefined) return undefined
    const [, state = 'no state', reason = 'unknown'] = /^(.*?)(?: \((.*)\))?$/.exec(said.trim()) ?? []
    return { state: state as DomainState, reason }
  }

  return {
    domains,
    domainState,
    domainXml: (domain, { inactive, migratable, secure } = {}) =>
      virsh.maybe(virsh.askDomain(domain, 'dumpxml', ...switches({ inactive, migratable, securityInfo: secure }))),
    async domainStats({ domains: some = [], groups = [] } = {}) {
      const wanted = groups.map((g) => `--${g}`)
      return statsBlocks(await virsh.ask(['domstats', '--raw', ...wanted, '--', ...some]))
    },
    domainAddresses: async (domain, source = 'lease') =>
      interfaceRows(await virsh.askDomain(domain, 'domifaddr', '--full', '--source', source)),
    domainJob: async (domain) => jobOf(await virsh.askDomain(domain, 'domjobinfo')),
    blockJob: async (domain, disk) => blockJobOf(await virsh.askDomain(domain, 'blockjob', `--path=${disk}`, '--raw')),
    async domainMetadata(domain, uri, { inactive } = {}) {
      try {
        const said = await virsh.askDomain(domain, 'metadata', `--uri=${uri}`, ...(inactive ? ['--config'] : []))
        // virsh of libvirt 11 says nothing of a note that is not there, and calls that success.
        return said.trim() || undefined
      } catch (error) {
        if (error instanceof LibvirtError && error.code === CODE.noMetadata) return undefined
        throw error
      }
    },
    snapshots: async (domain) =>
      lines(await virsh.askDomain(domain, 'snapshot-list', '--name', '--topological')).map(trim),
    async currentSnapshot(domain) {
      try {
        return (await virsh.askDomain(domain, 'snapshot-current', '--name')).trim()
      } catch (error) {
        if (error instanceof LibvirtError && error.code === CODE.noSnapshot) return undefined
        throw error
      }
    },
    snapshotXml: (domain, snapshot, { secure } = {}) =>
      virsh.maybe(
        virsh.askDomain(
          domain,
          'snapshot-dumpxml',
          `--snapshotname=${snapshot}`,
          ...switches({ securityInfo: secure }),
        ),
      ),
    async checkpoints(domain) {
      try {
        return lines(await virsh.askDomain(domain, 'checkpoint-list', '--name')).map(trim)
      } catch (error) {
        if (error instanceof LibvirtError && !isAbsent(error) && NO_CHECKPOINTS.test(error.message)) return []
        throw error
      }
    },
    awaitDomain: (domain, accept, options) =>
      awaitByAsking(() => domainState(domain), accept, { ...options, pollMs: POLL_MS }),
  }
}

const NO_CHECKPOINTS = /unknown command|not supported by the connection driver/

const trim = (line: string): string => line.trim()
