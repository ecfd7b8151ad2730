import { sh } from '../../../core/connection/quote.ts'
import type { DomainSummary } from '../../../core/libvirt/types.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import { machineAliases } from '../domain/machines.ts'
import type { MigrateArgs } from './args.ts'

/** The VM on one host. */
export interface Resident {
  readonly summary: DomainSummary
  /** As it must be on the other side: libvirt's migratable form. */
  readonly xml: string
  readonly snapshots: readonly string[]
  /** A job that is under way: `Unbounded`, `Bounded`; None. */
  readonly job: string
  readonly blockJobs: readonly string[]
}

/** One host as a place for the VM. */
export interface Place {
  readonly names: readonly string[]
  readonly uuids: ReadonlyMap<string, string>
  readonly hostUuid: string
  readonly library: string
  readonly hypervisor: string
  readonly machines: ReadonlySet<string>
  readonly networks: ReadonlyMap<string, boolean>
  readonly links: ReadonlySet<string>
  readonly hostname: string
  readonly availableKiB: number
  readonly processors: number
  readonly qemuUser: string
  /** Seconds since 1970, when it answered. */
  readonly clock: number
}

export interface MigrateState {
  readonly resident: Resident | undefined
  readonly place: Answer<Place>
  /** Of the destination, after examine. */
  readonly preflight?: Preflight
}

export interface Preflight {
  readonly blockers: readonly string[]
  readonly notes: readonly string[]
  readonly address: string
}

const FACTS = sh`echo "hostname $(hostname)"
sed -n 's/^MemAvailable: *\\([0-9]*\\).*/memory \\1/p' /proc/meminfo
echo "processors $(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c ^processor /proc/cpuinfo)"
u=$(sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*"\\(.*\\)".*/\\1/p' /etc/libvirt/qemu.conf 2>/dev/null | head -n 1)
[ -n "$u" ] || { for n in libvirt-qemu qemu; do getent passwd "$n" >/dev/null && u=$n && break; done; }
echo "qemu $(getent passwd "\${u#+}" | cut -d: -f3,4)"
echo "clock $(date +%s)"
for l in /sys/class/net/*; do echo "link \${l##*/}"; done`

/** Reads one host: three reads. */
export async function probeMigrate(host: Reader, args: MigrateArgs): Promise<MigrateState> {
  const [facts, answer] = await Promise.all([
    host.read(FACTS),
    ask(host, async (libvirt) => {
      const [available, domains, networks, capabilities] = await Promise.all([
        libvirt.available(),
        libvirt.domains(),
        libvirt.networks(),
        libvirt.capabilities(),
      ])
      const summary = domains.find((d) => d.name === args.name)
      return { available, domains, networks, capabilities, resident: summary && (await readResident(host, summary)) }
    }),
  ])
  if (answer.kind !== 'answer') return { resident: undefined, place: answer }
  const { available, domains, networks, capabilities, resident } = answer.value
  const lines = facts.stdout.toString().split('\n')
  const all = (word: string): string[] =>
    lines.filter((l) => l.startsWith(`${word} `)).map((l) => l.slice(word.length + 1).trim())
  const versions = available.ok ? available.versions : undefined
  return {
    resident,
    place: {
      kind: 'answer',
      value: {
        names: domains.map((d) => d.name),
        uuids: new Map(domains.map((d) => [d.uuid, d.name])),
        hostUuid: /<uuid>([^<]*)<\/uuid>/.exec(capabilities)?.[1] ?? '',
        library: versions?.library ?? '',
        hypervisor: versions?.hypervisor ?? '',
        machines: machineNames(capabilities),
        networks: new Map(networks.map((n) => [n.name, n.active])),
        links: new Set(all('link')),
        hostname: all('hostname')[0] ?? '',
        availableKiB: Number(all('memory')[0] ?? 0),
        processors: Number(all('processors')[0] ?? 0),
        qemuUser: all('qemu')[0] ?? '',
        clock: Number(all('clock')[0] ?? 0),
      },
    },
  }
}

async function readResident(host: Reader, summary: DomainSummary): Promise<Resident> {
  const { libvirt } = host
  const on = `--domain=${summary.uuid}`
  const active = summary.state !== 'shut off'
  const [xml, snapshots, job, blocks] = await Promise.all([
    libvirt.domainXml(summary.name, { migratable: active, secure: true }),
    libvirt.query(['snapshot-list', on, '--name']),
    active ? libvirt.query(['domjobinfo', on]).catch(() => '') : '',
    active ? libvirt.query(['domblklist', on]).catch(() => '') : '',
  ])
  const targets = blocks.split('\n').flatMap((l) => /^\s*(\S+)/.exec(l)?.[1] ?? [])
  const infos = await Promise.all(
    targets.map((t) => libvirt.query(['blockjob', on, `--path=${t}`, '--info']).catch(() => '')),
  )
  return {
    summary,
    xml: xml ?? '',
    snapshots: snapshots
      .split('\n')
      .map((l) => l.trim())
      .filter((l) => l !== ''),
    job: /^Job type:\s+(\S+)/m.exec(job)?.[1] ?? 'None',
    blockJobs: targets.filter((_, i) => /\d+(?:\.\d+)? ?%/.test(infos[i] ?? '')),
  }
}

function machineNames(capabilities: string): Set<string> {
  const names = new Set(machineAliases(capabilities).values())
  const walk = (element: ReturnType<typeof parseXml>): void => {
    if (element.name === 'machine') names.add(element.text)
    for (const inner of element.children) walk(inner)
  }
  walk(parseXml(capabilities))
  return names
}
