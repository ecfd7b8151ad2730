import {
  type PoolInfo,
  type StorageReader,
  type StorageWriter,
  type VolumeInfo,
  WIPE_ALGORITHMS,
} from '../../api/storage.ts'
import { type PoolRef, uuidText, type VolumeRef } from '../protocol/objects.ts'
import { connect, storage } from '../protocol/procedures.ts'
import type { RpcSession } from '../session/session.ts'
import { bits, maybe, nameIn, type Rpc } from './rpc.ts'

/** virConnectListAllStoragePoolsFlags. */
const LIST = { all: 0, active: 2, persistent: 4, autostart: 16 } as const
const POOL_STATES: readonly PoolInfo['state'][] = ['inactive', 'building', 'running', 'degraded', 'inaccessible']
const VOLUME_TYPES: readonly VolumeInfo['type'][] = ['file', 'block', 'dir', 'network', 'netdir', 'ploop']
const BUILD = { noOverwrite: 4, overwrite: 8 } as const
const RESIZE = { allocate: 1, shrink: 4 } as const

/** libvirt finds a volume by the names of its pool and of itself. */
export const volumeRef = (pool: string, name: string): VolumeRef => ({ pool, name, key: '' })

/** Pools and volumes over RPC. */
export function rpcStorage(rpc: Rpc): StorageReader & StorageWriter {
  const plain = (procedure: typeof storage.destroy) => (id: string) =>
    rpc.changePool(id, (session, pool) => session.call(procedure, { pool }))
  const flagged = (procedure: typeof storage.build, id: string, flags: number): Promise<void> =>
    rpc.changePool(id, (session, pool) => session.call(procedure, { pool, flags }))
  const onVolume = async (pool: string, act: (session: RpcSession) => Promise<unknown>): Promise<void> => {
    await rpc.change(`pool ${pool}`, act)
  }
  const xmlOf = async (session: RpcSession, volume: VolumeRef): Promise<string> =>
    (await session.call(storage.volumeXml, { volume, flags: 0 })).xml
  return {
    pools: () => rpc.read(listPools),
    poolXml: (id, { inactive } = {}) =>
      maybe(
        rpc.readPool(
          id,
          async (session, pool) => {
            return (await session.call(storage.xml, { pool, flags: inactive ? 1 : 0 })).xml
          },
          nameIn,
        ),
      ),
    poolInfo: (id) =>
      maybe(
        rpc.readPool(id, async (session, pool) => {
          const { state, capacity, allocation, available } = await session.call(storage.info, { pool })
          return {
            state: POOL_STATES[state] ?? 'inactive',
            capacity: Number(capacity),
            allocation: Number(allocation),
            available: Number(available),
          }
        }),
      ),
    volumes: (id) =>
      rpc.readPool(id, async (session, pool) => {
        const { volumes } = await session.call(storage.listVolumes, { pool, wanted: 1, flags: 0 })
        return Promise.all(volumes.map(async (volume) => ({ name: volume.name, path: await pathOf(session, volume) })))
      }),
    volumeXml: (pool, name) => maybe(rpc.read((session) => xmlOf(session, volumeRef(pool, name)))),
    volumeXmlAt: (path) =>
      maybe(rpc.read(async (session) => xmlOf(session, (await session.call(storage.volumeByPath, { path })).volume))),
    volumeInfo: (pool, name) =>
      maybe(
        rpc.read(async (session) => {
          const info = await session.call(storage.volumeInfo, { volume: volumeRef(pool, name) })
          return {
            type: VOLUME_TYPES[info.type] ?? 'file',
            capacity: Number(info.capacity),
            allocation: Number(info.allocation),
          }
        }),
      ),
    async definePool(xml) {
      await rpc.change(`pool ${nameIn(xml)}`, (session) => session.call(storage.define, { xml, flags: 0 }))
    },
    buildPool: (id, options) => flagged(storage.build, id, bits(BUILD, options)),
    startPool: (id, { build } = {}) => flagged(storage.start, id, build ? 1 : 0),
    refreshPool: (id) => flagged(storage.refresh, id, 0),
    destroyPool: plain(storage.destroy),
    undefinePool: plain(storage.undefine),
    deletePool: (id) => flagged(storage.delete, id, 0),
    createVolume: (id, xml, { preallocateMetadata } = {}) =>
      rpc.changePool(id, (session, pool) =>
        session.call(storage.createVolume, { pool, xml, flags: preallocateMetadata ? 1 : 0 }),
      ),
    cloneVolume: (id, xml, from) =>
      rpc.changePool(id, (session, pool) =>
        session.call(storage.cloneVolume, { pool, xml, from: volumeRef(from.pool ?? id, from.volume), flags: 0 }),
      ),
    resizeVolume: (pool, name, bytes, options) =>
      onVolume(pool, (session) =>
        session.call(storage.resizeVolume, {
          volume: volumeRef(pool, name),
          capacity: BigInt(bytes),
          flags: bits(RESIZE, options),
        }),
      ),
    deleteVolume: (pool, name) =>
      onVolume(pool, (session) => session.call(storage.deleteVolume, { volume: volumeRef(pool, name), flags: 0 })),
    wipeVolume: (pool, name, algorithm = 'zero') =>
      onVolume(pool, (session) => {
        const args = { volume: volumeRef(pool, name), algorithm: WIPE_ALGORITHMS.indexOf(algorithm), flags: 0 }
        return session.call(storage.wipeVolume, args)
      }),
  }
}

async function listPools(session: RpcSession): ReturnType<StorageReader['pools']> {
  const list = async (flags: number): Promise<readonly PoolRef[]> =>
    (await session.call(connect.listPools, { wanted: 1, flags })).pools
  const uuids = (found: readonly PoolRef[]): Set<string> => new Set(found.map((p) => uuidText(p.uuid)))
  const [all, active, persistent, autostart] = await Promise.all([
    list(LIST.all),
    list(LIST.active).then(uuids),
    list(LIST.persistent).then(uuids),
    list(LIST.autostart).then(uuids),
  ])
  session.pools.remember(all)
  return all.map((pool) => {
    const uuid = uuidText(pool.uuid)
    return {
      name: pool.name,
      uuid,
      active: active.has(uuid),
      autostart: autostart.has(uuid),
      persistent: persistent.has(uuid),
    }
  })
}

/** The key of a volume that is a file is its path. */
async function pathOf(session: RpcSession, volume: VolumeRef): Promise<string> {
  return volume.key.startsWith('/') ? volume.key : (await session.call(storage.volumePath, { volume })).path
}
