import { sh } from '../../../core/connection/quote.ts'
import type { DomainSummary, LibvirtReader } from '../../../core/libvirt/types.ts'
import type { MachineAliases } from '../../../core/libvirt/xml/canonical.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import { allDomains, type KnownDomain } from '../storage/users.ts'
import type { DomainArgs } from './args.ts'
import { completed, type Declaration, declare } from './declaration.ts'
import { readSizes } from './growth.ts'
import { machineAliases } from './machines.ts'
import { type Move, readMoves } from './moves.ts'
import { deletable } from './storage.ts'

/** A domain as it is on the host. */
export interface FoundDomain {
  readonly summary: DomainSummary
  readonly config: Element | undefined
  readonly live: Element | undefined
  readonly snapshots: number
  readonly checkpoints: number
}

export interface HostDomains {
  /** By its name, else by the name it is renamed from. */
  readonly found: FoundDomain | undefined
  readonly machines: MachineAliases
  /** The other domains of the host. */
  readonly others: readonly KnownDomain[]
  /** Files that the declaration names and the host does not have. */
  readonly missing: readonly string[]
  /** Images that go with the domain where it is removed with its storage. */
  readonly images: readonly string[]
  /** Virtual sizes in bytes, by target, of the disks whose size is declared. */
  readonly sizes: ReadonlyMap<string, bigint>
  /** Images that may still have their old names. */
  readonly moves: readonly Move[]
  /** In a check run an earlier task may be about to make what is missing. */
  readonly check: boolean
}

export interface DomainState {
  readonly declaration: Declaration | undefined
  readonly answer: Answer<HostDomains>
}

/** Two round trips: the domain itself, then what it must not collide with; a removal with images asks who needs them. */
export async function probeDomain(host: Reader, args: DomainArgs): Promise<DomainState> {
  const declared = args.state === 'absent' ? undefined : await declare(host, args)
  const read = async (libvirt: LibvirtReader) => {
    const names = [args.name, ...(args.rename_from === undefined ? [] : [args.rename_from])]
    const texts = (inactive: boolean) =>
      Promise.all(names.map((name) => libvirt.domainXml(name, { inactive, secure: true })))
    const [domains, configs, lives, capabilities, others] = await Promise.all([
      libvirt.domains(),
      texts(true),
      texts(false),
      libvirt.capabilities(),
      allDomains(libvirt),
    ])
    const summary = names.flatMap((name) => domains.filter((d) => d.name === name))[0]
    const index = summary?.name === args.name ? 0 : 1
    const [config, live] = [configs[index], lives[index]]
    const found: FoundDomain | undefined = summary && {
      summary,
      config: summary.persistent && config !== undefined ? parseXml(config) : undefined,
      live: summary.state === 'shut off' || live === undefined ? undefined : parseXml(live),
      ...(await moments(host, args, summary)),
    }
    return {
      found,
      machines: machineAliases(capabilities),
      others: others.filter((d) => d.model.name !== summary?.name),
      images: found && args.state === 'absent' && args.delete_storage ? await deletable(host, found) : [],
      moves: await readMoves(host, args, summary?.name),
      sizes: summary ? await readSizes(libvirt, summary.uuid, args) : new Map<string, bigint>(),
    }
  }
  const [answer, { missing, acceleration }] = await Promise.all([ask(host, read), hostFacts(host, declared)])
  const absent = answer.kind === 'missing' || (answer.kind === 'answer' && !answer.value.found)
  const declaration = declared && absent ? await completed(host, args, declared, acceleration) : declared
  if (answer.kind !== 'answer') return { declaration, answer }
  return { declaration, answer: { kind: 'answer', value: { ...answer.value, missing, check: host.check } } }
}

/** Which files of a declaration are missing, and whether the host can virtualise. */
async function hostFacts(
  host: Reader,
  declaration: Declaration | undefined,
): Promise<{ missing: string[]; acceleration: 'kvm' | 'tcg' }> {
  if (!declaration) return { missing: [], acceleration: 'tcg' }
  const model = readDomain(declaration.element)
  const disks = model.disks.filter((d) => (d.type === 'file' || d.type === 'block') && !d.optional).map((d) => d.source)
  const files = [...disks, ...model.bootFiles].filter((f): f is string => f?.startsWith('/') === true)
  if (files.length === 0 && declaration.whole) return { missing: [], acceleration: 'tcg' }
  const answer = await host.read(sh`for f in ${files}; do [ -e "$f" ] || printf 'missing %s\n' "$f"; done
[ -c /dev/kvm ] && grep -Eqm1 '^(flags|Features).*[[:space:]](vmx|svm)([[:space:]]|$)' /proc/cpuinfo && echo kvm; true`)
  const lines = answer.stdout.toString().split('\n')
  const missing = lines.filter((line) => line.startsWith('missing ')).map((line) => line.slice('missing '.length))
  return { missing, acceleration: lines.includes('kvm') ? 'kvm' : 'tcg' }
}

/** Snapshots and checkpoints, which only a removal and a new name, of it or of an image, need. */
async function moments(
  host: Reader,
  args: DomainArgs,
  summary: DomainSummary,
): Promise<{ snapshots: number; checkpoints: number }> {
  const moves = args.disks.some((disk) => disk.rename_from !== undefined)
  if (args.state !== 'absent' && summary.name === args.name && !moves) return { snapshots: 0, checkpoints: 0 }
  const count = (list: Promise<string[]>): Promise<number> =>
    list.then(
      (names) => names.length,
      () => 0,
    )
  const [snapshots, checkpoints] = await Promise.all([
    count(host.libvirt.snapshots(summary.uuid)),
    count(host.libvirt.checkpoints(summary.uuid)),
  ])
  return { snapshots, checkpoints }
}

/** Every file that is somewhere below one of these domains' disks. */
export async function backingFiles(host: Reader, domains: readonly DomainModel[]): Promise<Set<string>> {
  const files = [...new Set(domains.flatMap((d) => d.disks.map((disk) => disk.source)))].filter((f) =>
    f?.startsWith('/'),
  ) as string[]
  if (files.length === 0) return new Set()
  const answer = await host.read(
    sh`for f in ${files}; do [ -f "$f" ] && qemu-img info -U --backing-chain --output=json "$f" 2>/dev/null; done; true`,
  )
  const names = answer.stdout.toString().matchAll(/"(?:full-)?backing-filename":\s*"((?:[^"\\]|\\.)*)"/g)
  return new Set([...names].map((m) => JSON.parse(`"${m[1] ?? ''}"`) as string))
}
