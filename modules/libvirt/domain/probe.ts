import { sh } from '../../../core/connection/quote.ts'
import type { DomainSummary } from '../../../core/libvirt/types.ts'
import type { MachineAliases } from '../../../core/libvirt/xml/canonical.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import { allDomains, type KnownDomain } from '../storage/users.ts'
import type { DomainArgs } from './args.ts'
import { type Declaration, declare } from './declaration.ts'
import { machineAliases } from './machines.ts'

/** A domain as it is on the host. */
export interface FoundDomain {
  readonly summary: DomainSummary
  readonly config: Element | undefined
  readonly live: Element | undefined
  readonly snapshots: number
  readonly checkpoints: number
}

export interface HostDomains {
  readonly found: FoundDomain | undefined
  readonly machines: MachineAliases
  /** The other domains of the host. */
  readonly others: readonly KnownDomain[]
  /** Files that the declaration names and the host does not have. */
  readonly missing: readonly string[]
  /** Files that are the base of another domain's disk. */
  readonly bases: ReadonlySet<string>
  /** In a check run an earlier task may be about to make what is missing. */
  readonly check: boolean
}

export interface DomainState {
  readonly declaration: Declaration | undefined
  readonly answer: Answer<HostDomains>
}

/** Two round trips: the domain itself, then what it must not collide with. */
export async function probeDomain(host: Reader, args: DomainArgs): Promise<DomainState> {
  const declaration = args.state === 'absent' ? undefined : await declare(host, args)
  const answer = await ask(host, async (libvirt) => {
    const [domains, config, live, capabilities, others, missing] = await Promise.all([
      libvirt.domains(),
      libvirt.domainXml(args.name, { inactive: true, secure: true }),
      libvirt.domainXml(args.name, { secure: true }),
      libvirt.capabilities(),
      allDomains(libvirt),
      missingFiles(host, declaration),
    ])
    const summary = domains.find((d) => d.name === args.name)
    const rest = others.filter((d) => d.model.name !== args.name)
    const extra = await details(host, args, summary, rest)
    const found: FoundDomain | undefined = summary && {
      summary,
      config: summary.persistent && config !== undefined ? parseXml(config) : undefined,
      live: summary.state === 'shut off' || live === undefined ? undefined : parseXml(live),
      snapshots: extra.snapshots,
      checkpoints: extra.checkpoints,
    }
    return {
      found,
      machines: machineAliases(capabilities),
      others: rest,
      missing,
      bases: extra.bases,
      check: host.check,
    }
  })
  return { declaration, answer }
}

async function missingFiles(host: Reader, declaration: Declaration | undefined): Promise<string[]> {
  if (!declaration) return []
  const model = readDomain(declaration.element)
  const disks = model.disks.filter((d) => d.type === 'file' || d.type === 'block').map((d) => d.source)
  const files = [...disks, ...model.bootFiles].filter((f): f is string => f?.startsWith('/') === true)
  if (files.length === 0) return []
  const answer = await host.read(sh`for f in ${files}; do [ -e "$f" ] || printf '%s\n' "$f"; done`)
  return answer.stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
}

/** What only a removal needs: snapshots, and which files are bases of other disks. */
async function details(
  host: Reader,
  args: DomainArgs,
  summary: DomainSummary | undefined,
  others: readonly KnownDomain[],
): Promise<{ snapshots: number; checkpoints: number; bases: Set<string> }> {
  if (!summary || args.state !== 'absent') return { snapshots: 0, checkpoints: 0, bases: new Set() }
  const count = async (verb: string): Promise<number> => {
    try {
      return (await host.libvirt.query([verb, `--domain=${summary.uuid}`, '--name']))
        .split('\n')
        .filter((l) => l !== '').length
    } catch {
      return 0
    }
  }
  const [snapshots, checkpoints, bases] = await Promise.all([
    count('snapshot-list'),
    count('checkpoint-list'),
    args.delete_storage
      ? backingFiles(
          host,
          others.map((o) => o.model),
        )
      : new Set<string>(),
  ])
  return { snapshots, checkpoints, bases }
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
