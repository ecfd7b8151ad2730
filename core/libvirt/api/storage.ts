export interface PoolSummary {
  readonly name: string
  readonly uuid: string
  readonly active: boolean
  readonly autostart: boolean
  readonly persistent: boolean
}

/** Sizes in bytes. */
export interface PoolInfo {
  readonly state: 'inactive' | 'building' | 'running' | 'degraded' | 'inaccessible'
  readonly capacity: number
  readonly allocation: number
  readonly available: number
}

/** Sizes in bytes. */
export interface VolumeInfo {
  readonly type: 'file' | 'block' | 'dir' | 'network' | 'netdir' | 'ploop'
  readonly capacity: number
  readonly allocation: number
}

export interface StorageReader {
  pools(): Promise<PoolSummary[]>
  /** Undefined if there is no such pool. */
  poolXml(pool: string, options?: { inactive?: boolean }): Promise<string | undefined>
  poolInfo(pool: string): Promise<PoolInfo | undefined>
  volumes(pool: string): Promise<{ name: string; path: string }[]>
  /** Undefined if there is no such volume. */
  volumeXml(pool: string, volume: string): Promise<string | undefined>
  /** Of the volume with that path, in whichever pool it is. */
  volumeXmlAt(path: string): Promise<string | undefined>
  volumeInfo(pool: string, volume: string): Promise<VolumeInfo | undefined>
}

/** virStorageVolWipeAlgorithm. */
export const WIPE_ALGORITHMS = [
  'zero',
  'nnsa',
  'dod',
  'bsi',
  'gutmann',
  'schneier',
  'pfitzner7',
  'pfitzner33',
  'random',
  'trim',
] as const
export type WipeAlgorithm = (typeof WIPE_ALGORITHMS)[number]

export interface StorageWriter {
  definePool(xml: string): Promise<void>
  buildPool(pool: string, options?: { overwrite?: boolean; noOverwrite?: boolean }): Promise<void>
  startPool(pool: string, options?: { build?: boolean }): Promise<void>
  refreshPool(pool: string): Promise<void>
  destroyPool(pool: string): Promise<void>
  undefinePool(pool: string): Promise<void>
  /** Removes what the pool stands on: a directory, a volume group. */
  deletePool(pool: string): Promise<void>
  createVolume(pool: string, xml: string, options?: { preallocateMetadata?: boolean }): Promise<void>
  /** A copy of a volume, of this pool or of `from.pool`. */
  cloneVolume(pool: string, xml: string, from: { pool?: string; volume: string }): Promise<void>
  /** In bytes. */
  resizeVolume(
    pool: string,
    volume: string,
    bytes: number,
    options?: { shrink?: boolean; allocate?: boolean },
  ): Promise<void>
  deleteVolume(pool: string, volume: string): Promise<void>
  wipeVolume(pool: string, volume: string, algorithm?: WipeAlgorithm): Promise<void>
}
