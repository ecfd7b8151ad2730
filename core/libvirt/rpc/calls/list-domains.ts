import type { DomainSummary } from '../../api/states.ts'
import { CODE, LibvirtError } from '../../errors.ts'
import { stateOf } from '../../states.ts'
import { type DomainRef, uuidText } from '../protocol/objects.ts'
import { connect, domains } from '../protocol/procedures.ts'
import type { RpcSession } from '../session/session.ts'

/** virConnectListAllDomainsFlags. */
const LIST = { all: 0, persistent: 4, managedSave: 256, autostart: 1024 } as const
const STATS_STATE = 1

/** All domains with what is told of each, in one round trip; two where the driver has no statistics. */
export async function listDomains(session: RpcSession): Promise<DomainSummary[]> {
  const list = async (flags: number): Promise<readonly DomainRef[]> =>
    (await session.call(connect.listDomains, { wanted: 1, flags })).domains
  const [all, persistent, autostart, managedSave, states] = await Promise.all([
    list(LIST.all),
    list(LIST.persistent).then(uuids),
    list(LIST.autostart).then(uuids),
    list(LIST.managedSave).then(uuids),
    statesOf(session),
  ])
  session.domains.remember(all)
  return Promise.all(
    all.map(async (domain) => {
      const uuid = uuidText(domain.uuid)
      const { state, reason } = states.get(uuid) ?? (await stateBySelf(session, domain))
      return {
        name: domain.name,
        uuid,
        ...stateOf(state, reason),
        persistent: persistent.has(uuid),
        autostart: autostart.has(uuid),
        managedSave: managedSave.has(uuid),
      }
    }),
  )
}

interface Numbers {
  readonly state: number
  readonly reason: number
}

async function statesOf(session: RpcSession): Promise<Map<string, Numbers>> {
  try {
    const { records } = await session.call(connect.domainStats, { domains: [], stats: STATS_STATE, flags: 0 })
    return new Map(
      records.map(({ domain, parameters }) => {
        const number = (field: string): number => Number(parameters.find((p) => p.field === field)?.value.value ?? 0)
        return [uuidText(domain.uuid), { state: number('state.state'), reason: number('state.reason') }]
      }),
    )
  } catch (error) {
    if (error instanceof LibvirtError && error.code === CODE.noSupport) return new Map()
    throw error
  }
}

/** One that came between the list and the statistics, or has gone since. */
async function stateBySelf(session: RpcSession, domain: DomainRef): Promise<Numbers> {
  try {
    return await session.call(domains.state, { domain, flags: 0 })
  } catch (error) {
    if (error instanceof LibvirtError && error.code === CODE.noDomain) return { state: 0, reason: 0 }
    throw error
  }
}

const uuids = (list: readonly DomainRef[]): Set<string> => new Set(list.map((d) => uuidText(d.uuid)))
