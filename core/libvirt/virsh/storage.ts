import type { PoolInfo, StorageReader, StorageWriter, VolumeInfo } from '../api/storage.ts'
import { type Asking, switches } from './asking.ts'
import { amount, fields } from './fields.ts'
import { lines, stateRows, volumeRows } from './tables.ts'

/** Pools and volumes by virsh. */
export function virshStorage(virsh: Asking): StorageReader & StorageWriter {
  const tell = (verb: string) => (pool: string) => virsh.tell([verb, `--pool=${pool}`])
  const on = (pool: string, volume: string): string[] => [`--pool=${pool}`, `--vol=${volume}`]
  return {
    async pools() {
      const [table, uuids, persistent] = await Promise.all([
        virsh.ask(['pool-list', '--all']),
        virsh.ask(['pool-list', '--all', '--uuid']),
        virsh.ask(['pool-list', '--all', '--persistent', '--uuid']),
      ])
      const [ids = [], kept = []] = [uuids, persistent].map((output) => lines(output).map((line) => line.trim()))
      return stateRows(table).map(({ name, active, flags }, i) => ({
        name,
        uuid: ids[i] ?? '',
        active,
        autostart: flags[0] ?? false,
        persistent: kept.includes(ids[i] ?? ''),
      }))
    },
    poolXml: (pool, { inactive } = {}) =>
      virsh.maybe(virsh.ask(['pool-dumpxml', `--pool=${pool}`, ...switches({ inactive })])),
    async poolInfo(pool) {
      const said = await virsh.maybe(virsh.ask(['pool-info', `--pool=${pool}`, '--bytes']))
      if (said === undefined) return undefined
      const all = fields(said)
      return {
        state: (all.get('State') ?? 'inactive') as PoolInfo['state'],
        capacity: amount(all.get('Capacity')),
        allocation: amount(all.get('Allocation')),
        available: amount(all.get('Available')),
      }
    },
    volumes: async (pool) => volumeRows(await virsh.ask(['vol-list', `--pool=${pool}`])),
    volumeXml: (pool, volume) => virsh.maybe(virsh.ask(['vol-dumpxml', ...on(pool, volume)])),
    volumeXmlAt: (path) => virsh.maybe(virsh.ask(['vol-dumpxml', `--vol=${path}`])),
    async volumeInfo(pool, volume) {
      const said = await virsh.maybe(virsh.ask(['vol-info', ...on(pool, volume), '--bytes']))
      if (said === undefined) return undefined
      const all = fields(said)
      return {
        type: (all.get('Type') ?? 'file') as VolumeInfo['type'],
        capacity: amount(all.get('Capacity')),
        allocation: amount(all.get('Allocation')),
      }
    },
    definePool: (xml) => virsh.tell(['pool-define'], xml),
    buildPool: (pool, options) => virsh.tell(['pool-build', `--pool=${pool}`, ...switches({ ...options })]),
    startPool: (pool, options) => virsh.tell(['pool-start', `--pool=${pool}`, ...switches({ ...options })]),
    refreshPool: tell('pool-refresh'),
    destroyPool: tell('pool-destroy'),
    undefinePool: tell('pool-undefine'),
    deletePool: tell('pool-delete'),
    createVolume: (pool, xml, { preallocateMetadata } = {}) =>
      virsh.tell(
        ['vol-create', `--pool=${pool}`, ...switches({ preallocMetadata: preallocateMetadata }), '--file'],
        xml,
      ),
    cloneVolume: (pool, xml, from) =>
      virsh.tell(
        ['vol-create-from', `--pool=${pool}`, `--inputpool=${from.pool ?? pool}`, `--vol=${from.volume}`, '--file'],
        xml,
      ),
    resizeVolume: (pool, volume, bytes, options) =>
      virsh.tell(['vol-resize', ...on(pool, volume), `--capacity=${bytes}b`, ...switches({ ...options })]),
    deleteVolume: (pool, volume) => virsh.tell(['vol-delete', ...on(pool, volume)]),
    wipeVolume: (pool, volume, algorithm = 'zero') =>
      virsh.tell(['vol-wipe', ...on(pool, volume), `--algorithm=${algorithm}`]),
  }
}
