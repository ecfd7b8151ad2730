import type { SeenFile } from '../../libvirt/images/scan.ts'
import type { DiskUse } from './plan.ts'

/** What speaks for or against the removal of files. */
export interface UseFacts {
  /** The files that may go. */
  readonly paths: readonly string[]
  /** All that was looked at on the host, the paths among it; undefined without qemu-img. */
  readonly seen: readonly SeenFile[] | undefined
  /** Files of other VMs, on this host and (by path) on others that share its storage. */
  readonly others: readonly { readonly vm: string; readonly host: string; readonly files: readonly string[] }[]
  /** The host of the VM. */
  readonly host: string
  /** Hosts that could use shared storage too, and did not answer. */
  readonly silent: readonly string[]
  /** Folders around the paths and of pools that could not be looked into. */
  readonly closed: readonly string[]
  readonly volumes: readonly { readonly pool: string; readonly name: string; readonly path: string }[]
}

/** File systems that other hosts may see. */
export const isShared = (fileSystem: string): boolean => !LOCAL.test(fileSystem)
// As coreutils names them; what is not known counts as shared.
const LOCAL = /^(?:ext2\/ext3|xfs|btrfs|zfs|tmpfs|ramfs|overlayfs|f2fs|jfs|reiserfs|bcachefs|aufs)$/

/** For each path whether its file may go. */
export function usesOf(facts: UseFacts): Map<string, DiskUse> {
  const { paths, seen } = facts
  if (!seen)
    return new Map(paths.map((path) => [path, { keep: 'who needs it is not known: the host has no qemu-img' }]))
  const byPath = new Map(seen.map((file) => [file.path, file]))
  const same = (path: string, mine: SeenFile): boolean => path === mine.path || byPath.get(path)?.id === mine.id
  const doomed = new Set(paths.map((path) => byPath.get(path)?.id))
  return new Map(
    paths.map((path): [string, DiskUse] => {
      const mine = byPath.get(path)
      if (!mine || mine.id === '') return [path, { keep: 'it is not there' }]
      if (!/^regular (?:empty )?file$/.test(mine.type)) return [path, { keep: `it is a ${mine.type}` }]
      const user = facts.others.find((other) => {
        if (other.host !== facts.host) return isShared(mine.fileSystem) && other.files.includes(path)
        return other.files.some((file) => same(file, mine))
      })
      if (user) return [path, { keep: `VM ${user.vm}@${user.host} uses it` }]
      const above = seen.find((file) => !doomed.has(file.id) && file.bases?.some((base) => same(base, mine)))
      if (above) return [path, { keep: `${above.path} is on top of it` }]
      const unclear = seen.find((file) => file.bases === undefined && !doomed.has(file.id))
      if (unclear) return [path, { keep: `what ${unclear.path} is on top of cannot be told` }]
      const [closed] = facts.closed
      if (closed !== undefined) return [path, { keep: `${closed} cannot be looked into (look as root: --become)` }]
      if (isShared(mine.fileSystem) && facts.silent.length > 0)
        return [path, { keep: `it is on ${mine.fileSystem}, and ${facts.silent.join(', ')} did not answer` }]
      const volume = facts.volumes.find((one) => one.path === path)
      const bases = mine.bases && mine.bases.length > 0 ? { bases: mine.bases } : {}
      return [path, { ...bases, ...(volume && { pool: volume.pool, volume: volume.name }) }]
    }),
  )
}
