import { sh } from '../../../core/connection/quote.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import type { Reader } from '../../../core/module/types.ts'
import { usersOfImages } from '../image/users.ts'
import type { FoundDomain, HostDomains } from './probe.ts'

/** The images that go with a domain, as the probe found them. */
export const storageToDelete = (host: HostDomains, _found: FoundDomain): readonly string[] => host.images

/**
 * The images that go with a domain: its writable disks that are files, are not shared, that no other domain has (whatever
 * its path to them), and that no other image stands on. Everything else stays: CD-ROMs, ISO images however they are
 * attached, block devices, bases, files that nobody may write, and what cannot be looked into.
 */
export async function deletable(host: Reader, { summary, config, live }: FoundDomain): Promise<string[]> {
  const xml = config ?? live
  const paths = xml ? candidates(readDomain(xml).disks) : []
  if (paths.length === 0) return []
  const answer = await host.read(
    sh`for f in ${paths}; do case $(stat -L -c %A -- "$f" 2>/dev/null) in -?w*) printf '%s\n' "$f" ;; esac; done`,
  )
  const writable = answer.stdout
    .toString()
    .split('\n')
    .filter((path) => paths.includes(path))
  if (writable.length === 0) return []
  const users = await usersOfImages(host, writable)
  return writable.filter((path) => {
    const found = users.get(path)
    return (
      found?.domains.every((name) => name === summary.name) === true &&
      found.overlays.length + found.unknown.length + found.closed.length === 0
    )
  })
}

function candidates(disks: ReturnType<typeof readDomain>['disks']): string[] {
  return disks
    .filter((d) => d.device === 'disk' && d.type === 'file' && !d.readonly && !d.shareable)
    .map((d) => d.source)
    .filter((path): path is string => path?.startsWith('/') === true && !/\.iso$/i.test(path))
}
