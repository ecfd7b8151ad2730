import { dirname } from 'node:path'
import { type Look, NO_QEMU_IMG, type SeenFile, scanChains } from '../../../core/libvirt/images/scan.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { ask } from '../daemon/ask.ts'
import { type DomainFiles, filesOfDomains, mayHoldImages, poolFolders } from './places.ts'

/** Who needs an image: domains that have it as a disk, and images on top of it; and files that nobody could look into. */
export interface ImageUsers {
  readonly domains: readonly string[]
  readonly overlays: readonly string[]
  readonly unknown: readonly string[]
}

/**
 * Everything on the host that may refer to the image: disks of its domains, what is in its pools, what is beside it, and all that
 * these are on top of. Raises ModuleFailure where that cannot be told.
 */
export async function usersOfImage(host: Reader, path: string): Promise<ImageUsers> {
  const users = (await usersOfImages(host, [path])).get(path)
  if (!users) throw new ModuleFailure(`who needs ${path} is not known: it cannot be looked at`)
  return users
}

/** The same for several images at once, by path; none for a path where there is nothing. */
export async function usersOfImages(host: Reader, paths: readonly string[]): Promise<Map<string, ImageUsers>> {
  const known = await ask(host, async (libvirt) => {
    const [domains, folders] = await Promise.all([filesOfDomains(libvirt), poolFolders(libvirt)])
    return { domains, folders }
  })
  const what = paths.join(', ')
  if (known.kind === 'silent')
    throw new ModuleFailure(`who needs ${what} is not known: libvirt does not answer (${known.reason})`)
  const { domains, folders } = known.kind === 'answer' ? known.value : { domains: [], folders: [] }
  const files = [...new Set([...paths, ...domains.flatMap((one) => one.files)])]
  const beside = paths.map((path) => dirname(path)).filter(mayHoldImages)
  const seen = await scanChains(lookFor(host, what), files, [...new Set([...beside, ...folders])])
  if (!seen)
    throw new ModuleFailure(`who needs ${what} is not known without qemu-img`, { hint: 'libvirt_host installs it' })
  return usersAmong(paths, seen, domains)
}

/** Reads for scanChains; what was seen only in part is a failure. */
export const lookFor =
  (host: Reader, what: string): Look =>
  async (script, options) => {
    const answer = await host.read(script, options)
    if (answer.status === 0 || answer.status === NO_QEMU_IMG) return answer
    throw new ModuleFailure(`who needs ${what} is not known: ${answer.stderr.toString().trim().slice(0, 300)}`)
  }

/** Pure: who of these needs each path. */
export function usersAmong(
  paths: readonly string[],
  seen: readonly SeenFile[],
  domains: readonly DomainFiles[],
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
          },
        ],
      ]
    }),
  )
}
