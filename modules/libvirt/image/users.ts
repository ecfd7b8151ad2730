import { filesOfDomains, poolFolders } from '../../../core/libvirt/images/places.ts'
import { type Look, NO_QEMU_IMG, unreadable } from '../../../core/libvirt/images/scan.ts'
import { foldersAround, type ImageUsers, scanAround, usersAmong } from '../../../core/libvirt/images/users.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { ask } from '../daemon/ask.ts'

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
  const [look, around] = [lookFor(host, what), foldersAround(paths, folders)]
  const [seen, closed] = await Promise.all([scanAround(look, paths, domains, around), unreadable(look, around)])
  if (!seen)
    throw new ModuleFailure(`who needs ${what} is not known without qemu-img`, { hint: 'libvirt_host installs it' })
  return usersAmong(paths, seen, domains, closed)
}

/** Reads for scanChains; what was seen only in part is a failure. */
export const lookFor =
  (host: Reader, what: string): Look =>
  async (script, options) => {
    const answer = await host.read(script, options)
    if (answer.status === 0 || answer.status === NO_QEMU_IMG) return answer
    throw new ModuleFailure(`who needs ${what} is not known: ${answer.stderr.toString().trim().slice(0, 300)}`)
  }
