import { sh } from '../../../core/connection/quote.ts'
import { type DomainFiles, filesOfDomains } from '../../../core/libvirt/images/places.ts'
import { withVolumeFiles } from '../../../core/libvirt/images/volume-files.ts'
import { readDomain } from '../../../core/libvirt/xml/domain.ts'
import { type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import { usersOfImage } from '../image/users.ts'
import { sourceOf } from '../storage/volume/transfer.ts'
import { type GuestArgs, writes } from './args.ts'

/** An image of the guest. */
export interface GuestDisk {
  readonly file: string
  readonly format: string
}

/** The images of the task, and why they must not be touched. */
export interface GuestDisks {
  readonly disks: readonly GuestDisk[]
  readonly refusal: string | undefined
}

/** Undefined: there is no such domain. */
export async function guestDisks(host: Reader, a: GuestArgs): Promise<Answer<GuestDisks | undefined>> {
  const answer = await ask(host, async (libvirt) => {
    const [domains, text] = await Promise.all([
      filesOfDomains(libvirt),
      a.domain === undefined ? undefined : libvirt.domainXml(a.domain, { inactive: true }),
    ])
    return { domains, domain: text === undefined ? undefined : await withVolumeFiles(libvirt, parseXml(text)) }
  })
  // It may name any file of the host as a part of it.
  if (a.image !== undefined && a.format === 'vmdk') await sourceOf(host, a.image, 'vmdk')
  // An image can be worked on where no libvirt is.
  if (answer.kind === 'missing' && a.image !== undefined)
    return { kind: 'answer', value: await checked(host, a, imageOf(a), []) }
  if (answer.kind !== 'answer') return answer
  const { domains, domain } = answer.value
  if (a.domain !== undefined && domain === undefined) return { kind: 'answer', value: undefined }
  const disks = domain === undefined ? imageOf(a) : disksIn(domain)
  return { kind: 'answer', value: await checked(host, a, disks, domains) }
}

const imageOf = (a: GuestArgs): GuestDisk[] => [{ file: a.image!, format: a.format }]

function disksIn(domain: Element): GuestDisk[] {
  return readDomain(domain)
    .disks.filter((disk) => (disk.device === 'disk' || disk.device === 'lun') && disk.source?.startsWith('/'))
    .map((disk) => ({ file: disk.source!, format: disk.format ?? 'raw' }))
}

/**
 * A disk that runs is nobody else's; one that others are on top of is not written to, nor one whose guest has been saved with its
 * memory: it would go on with file systems that are no longer as it knows them.
 */
async function checked(
  host: Reader,
  a: GuestArgs,
  disks: readonly GuestDisk[],
  domains: readonly DomainFiles[],
): Promise<GuestDisks> {
  const running = domains.filter((one) => one.running)
  const asleep = writes(a) ? domains.filter((one) => one.saved && !one.running) : []
  const [same, bases] = await Promise.all([
    sameFiles(
      host,
      disks,
      [...running, ...asleep].flatMap((one) => one.files),
    ),
    writes(a) ? Promise.all(disks.map(({ file }) => usersOfImage(host, file))) : [],
  ])
  const hidden = running.find((one) => one.unknown.length > 0)
  const live = running.find((one) => one.files.some((file) => same.has(file)))
  const saved = asleep.find((one) => one.files.some((file) => same.has(file)))
  const overlay = bases.flatMap((one) => one.overlays)[0]
  const unknown = bases.flatMap((one) => one.unknown)[0]
  const refusals = [
    live && `domain '${live.name}' runs, and has the same disk`,
    saved && `domain '${saved.name}' was saved with its memory, and would go on with a disk that is no longer the same`,
    hidden && `nobody can tell whether it is ${hidden.unknown[0]}, which domain '${hidden.name}' has, and runs`,
    overlay && `${overlay} is on top of it, and would be damaged`,
    unknown && `nobody can tell what ${unknown} is on top of`,
  ]
  return { disks, refusal: refusals.find((one) => one !== undefined) }
}

/** Those of the files that are one of the disks, by whatever name. */
async function sameFiles(
  host: Reader,
  disks: readonly GuestDisk[],
  files: readonly string[],
): Promise<ReadonlySet<string>> {
  const all = [...new Set(files)]
  if (all.length === 0 || disks.length === 0) return new Set()
  const answer = await host.read(
    sh`for f in ${all}; do r=n; for d in ${disks.map((one) => one.file)}; do if [ "$f" -ef "$d" ] || [ "$f" = "$d" ]; then r=y; fi; done; echo $r; done`,
  )
  const letters = answer.stdout.toString().split('\n')
  if (letters.length < all.length) throw new ModuleFailure('cannot tell which disks run')
  return new Set(all.filter((_, i) => letters[i] === 'y'))
}
