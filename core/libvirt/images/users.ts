import { dirname } from 'node:path'
import { type DomainFiles, mayHoldImages } from './places.ts'
import { type Look, type SeenFile, scanChains } from './scan.ts'

/** Who needs an image: domains that have it as a disk, and images on top of it; and files and folders that nobody could look into. */
export interface ImageUsers {
  readonly domains: readonly string[]
  readonly overlays: readonly string[]
  readonly unknown: readonly string[]
  /** Folders: what is in them may be on top of any image. */
  readonly closed: readonly string[]
}

/** Where images are that may be on top of these: in the pools' folders, and beside them. */
export const foldersAround = (paths: readonly string[], pools: readonly string[]): string[] => [
  ...new Set([...paths.map((path) => dirname(path)).filter(mayHoldImages), ...pools]),
]

/** These files, those of the domains, all in these folders, and what they are on top of. As scanChains. */
export const scanAround = (
  look: Look,
  paths: readonly string[],
  domains: readonly DomainFiles[],
  folders: readonly string[],
): Promise<SeenFile[] | undefined> =>
  scanChains(look, [...new Set([...paths, ...domains.flatMap((one) => one.files)])], folders)

/** Pure: who of these needs each path. `closed`: folders that could not be looked into. */
export function usersAmong(
  paths: readonly string[],
  seen: readonly SeenFile[],
  domains: readonly DomainFiles[],
  closed: readonly string[] = [],
): Map<string, ImageUsers> {
  const byPath = new Map(seen.map((file) => [file.path, file]))
  return new Map(
    paths.flatMap((path): [string, ImageUsers][] => {
      const mine = byPath.get(path)
      if (!mine || mine.id === '') return []
      const same = (other: string): boolean => other === path || byPath.get(other)?.id === mine.id
      const others = seen.filter((file) => file.id !== mine.id)
      return [
        [
          path,
          {
            domains: domains.filter((one) => one.files.some(same)).map((one) => one.name),
            overlays: others.filter((file) => file.bases?.some(same)).map((file) => file.path),
            unknown: [
              ...new Set([
                ...others.filter((file) => file.bases === undefined).map((file) => file.path),
                ...domains.flatMap((one) => one.unknown),
              ]),
            ],
            closed,
          },
        ],
      ]
    }),
  )
}
