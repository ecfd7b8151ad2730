import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sh } from '../../../core/connection/quote.ts'
import type { DomainState as PowerState } from '../../../core/libvirt/types.ts'
import { type DomainModel, readDomain } from '../../../core/libvirt/xml/domain.ts'
import { child, type Element, parseXml } from '../../../core/libvirt/xml/element.ts'
import type { Reader } from '../../../core/module/types.ts'
import { type Answer, ask } from '../daemon/ask.ts'
import { machineAliases } from '../domain/machines.ts'
import { type Plan, planOf } from '../domain/plan.ts'
import { isLocal, isShared } from '../file-systems.ts'
import type { VmsArgs } from './args.ts'
import { parseSizes, readSizes } from './disk-size.ts'
import { filesOf } from './disks.ts'
import { missingDisks, type Replaced, withActualImages } from './images.ts'
import { type JournalEntry, parseJournal, readJournal } from './journal.ts'
import { presentMacs } from './macs.ts'
import type { Removal } from './needed.ts'
import { renderVm } from './render.ts'
import { digestOfSeed, seedOf } from './seeds.ts'
import { type WantedVm, wantedVms } from './wanted.ts'
import type { WantedDisk } from './wanted-disks.ts'

/** A domain on a host; of those the task names, what differs. */
export interface SeenVm {
  readonly state: PowerState
  readonly reason: string
  readonly autostart: boolean
  readonly model: DomainModel
  readonly addresses: readonly string[]
  /** Of those that the task names and has made: what is to be done to definition and running guest. */
  readonly plan: Plan | undefined
  /** Its definition, as the plan goes by. */
  readonly config: Element
  /** The plan for what runs by then. */
  readonly again: (live: Element) => Plan | undefined
  /** Of its interfaces as the task has them, in order. */
  readonly macs: readonly string[]
  /** Disks that it is to get. */
  readonly missing: readonly WantedDisk[]
  /** Disks that have another image than the one that was made. */
  readonly replaced: readonly Replaced[]
  /** Virtual sizes in bytes, by file, of its disks of which the task says one. */
  readonly sizes: ReadonlyMap<string, bigint>
  /** Its seed is not there, or not what is declared. */
  readonly seedDiffers: boolean
}

/** A folder of a host. */
export interface Folder {
  /** Hosts with the same text see the same files. */
  readonly storage: string
  /** No other host sees them; where neither is surely so, two hosts may. */
  readonly isLocal: boolean
}

/** One host as far as the task's VMs are concerned. */
export interface VmHost {
  readonly domains: Answer<readonly SeenVm[]>
  readonly journal: readonly JournalEntry[]
  /** Which of the task's disks and seeds are there. */
  readonly files: ReadonlySet<string>
  /** Base images of the task that are not there. */
  readonly lacks: ReadonlySet<string>
  /** Where the files of the task go, by folder. */
  readonly folders: ReadonlyMap<string, Folder>
  readonly availableKiB: number
  readonly totalKiB: number
  /** Processors of the host. */
  readonly cpus: number
  readonly acceleration: 'kvm' | 'tcg'
  readonly check: boolean
  /** After examine, of the VMs to be removed: which stay, and which go after which. */
  readonly removal: Removal
}

/** Between the two parts of what the shell tells. */
const JOURNAL = '@@journal'

/**
 * Three reads for any number of VMs. The journal is read behind the look at files, in the same script: what a killed run
 * still makes on the host meanwhile then stands in it.
 */
export async function probeVms(host: Reader, args: VmsArgs): Promise<VmHost> {
  const vms = wantedVms(args)
  const files = vms.flatMap(filesOf)
  const seeds = vms.flatMap((v) => (v.seed === undefined ? [] : [v.seed]))
  const bases = basesOf(vms)
  const folders = [...new Set(files.map((file) => dirname(file)))]
  const facts = host.read(sh`
[ -c /dev/kvm ] && grep -Eqm1 '^(flags|Features).*[[:space:]](vmx|svm)([[:space:]]|$)' /proc/cpuinfo && echo kvm
sed -n -e 's/^MemAvailable: *\\([0-9]*\\).*/memory \\1/p' -e 's/^MemTotal: *\\([0-9]*\\).*/total \\1/p' /proc/meminfo
echo "cpus $(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c ^processor /proc/cpuinfo)"
for f in ${folders}; do d=$f; while [ ! -d "$d" ]; do d=$(dirname "$d"); done
printf 'storage %s\t%s\n' "$(findmnt -no FSTYPE,SOURCE -T "$d" 2>/dev/null | tail -n 1)" "$f"; done
for f in ${bases}; do [ -e "$f" ] || printf 'lacks %s\n' "$f"; done
for f in ${files}; do [ -e "$f" ] && printf 'file %s\n' "$f"; done
${readSizes(vms)}
${seeds.length === 0 ? sh`:` : sh`sha256sum -- ${seeds} 2>/dev/null | sed 's/^/seed /'`}
ip neigh show 2>/dev/null | sed 's/^/neigh /'
echo ${JOURNAL}
${readJournal(args.fleet)}`)
  const [answer, domains] = await Promise.all([facts, readSettled(host, new Set(vms.map((vm) => vm.name)))])
  const told = answer.stdout.toString().split('\n')
  const end = told.indexOf(JOURNAL)
  const [lines, journal] = [told.slice(0, end), told.slice(end + 1)]
  const after = (word: string): string[] =>
    lines.filter((l) => l.startsWith(`${word} `)).map((l) => l.slice(word.length + 1))
  const acceleration: Common['acceleration'] = lines.includes('kvm') ? 'kvm' : 'tcg'
  const sizes = parseSizes(after('head'), after('qcow2'))
  const digests = new Map(after('seed').map((line) => [line.slice(66), line.slice(0, 64)]))
  const common: Common = { acceleration, neighbours: after('neigh'), digests, sizes }
  return {
    domains:
      domains.kind === 'answer'
        ? {
            kind: 'answer',
            value: await Promise.all(domains.value.list.map((d) => see(host, args, vms, d, domains.value, common))),
          }
        : domains,
    journal: end < 0 ? [] : parseJournal(journal.join('\n')),
    files: new Set(after('file')),
    lacks: new Set(after('lacks')),
    folders: new Map(after('storage').map((line) => readFolder(host.name, line))),
    availableKiB: Number(after('memory')[0] ?? 0),
    totalKiB: Number(after('total')[0] ?? 0),
    cpus: Number(after('cpus')[0] ?? 1),
    acceleration,
    check: host.check,
    removal: { needed: new Map(), after: new Map() },
  }
}

function readFolder(host: string, line: string): [string, Folder] {
  const [mount = '', folder = ''] = line.split('\t')
  const type = mount.trim().split(/\s/)[0] ?? ''
  return [folder, { storage: isShared(type) ? mount.trim() : `local ${host}`, isLocal: isLocal(type) }]
}

interface RawDomain {
  readonly state: PowerState
  readonly reason: string
  readonly autostart: boolean
  readonly config: Element
  readonly live: Element | undefined
}

interface RawHost {
  readonly list: readonly RawDomain[]
  readonly leases: ReadonlyMap<string, string[]>
  readonly capabilities: string
}

/** Starts that a killed run has asked for are gone on with by the daemon; what comes of them is soon to be seen. */
const STARTING = { asks: 20, pauseMs: 500 }

/** Domains when none of those names is on its way up any more, or has been for long. */
async function readSettled(host: Reader, names: ReadonlySet<string>): Promise<Answer<RawHost>> {
  for (let asked = 1; ; asked++) {
    const found = await readDomains(host)
    const starts = ({ state, reason, config }: RawDomain): boolean =>
      state === 'paused' && reason === 'starting up' && names.has(child(config, 'name')?.text ?? '')
    if (found.kind !== 'answer' || asked === STARTING.asks || !found.value.list.some(starts)) return found
    await setTimeout(STARTING.pauseMs, undefined, { signal: host.signal })
  }
}

async function readDomains(host: Reader): Promise<Answer<RawHost>> {
  return await ask(host, async (libvirt) => {
    const [domains, networks, capabilities] = await Promise.all([
      libvirt.domains(),
      libvirt.networks(),
      libvirt.capabilities(),
    ])
    const active = networks.filter((n) => n.active)
    const [configs, lives, leases] = await Promise.all([
      Promise.all(domains.map((d) => libvirt.domainXml(d.name, { inactive: true, secure: true }))),
      Promise.all(
        domains.map((d) => (d.state === 'shut off' ? undefined : libvirt.domainXml(d.name, { secure: true }))),
      ),
      Promise.all(active.map((n) => libvirt.leases(n.name).catch(() => []))),
    ])
    const byMac = new Map<string, string[]>()
    for (const { mac, address } of leases.flat()) byMac.set(mac, [...(byMac.get(mac) ?? []), address])
    const list = domains.flatMap(({ state, reason, autostart }, i) => {
      const config = configs[i] ?? lives[i]
      if (config === undefined) return []
      const live = lives[i]
      return [
        { state, reason, autostart, config: parseXml(config), live: live === undefined ? undefined : parseXml(live) },
      ]
    })
    return { list, leases: byMac, capabilities }
  })
}

/** What of the shell's answer concerns more than one VM. */
interface Common {
  readonly acceleration: 'kvm' | 'tcg'
  readonly neighbours: readonly string[]
  readonly digests: ReadonlyMap<string, string>
  readonly sizes: ReadonlyMap<string, bigint>
}

async function see(
  host: Reader,
  args: VmsArgs,
  vms: readonly WantedVm[],
  domain: RawDomain,
  raw: RawHost,
  common: Common,
): Promise<SeenVm> {
  const model = readDomain(domain.config)
  const vm = vms.find((v) => v.name === model.name)
  const about = {
    state: domain.state,
    reason: domain.reason,
    autostart: domain.autostart,
    model,
    addresses: model.nics.flatMap((n) => addressesOf(n.mac, raw.leases, common.neighbours)),
    config: domain.config,
  }
  if (vm === undefined || model.uuid !== vm.uuid || args.state === 'absent') return { ...about, ...NOTHING }
  const macs = presentMacs(args.fleet, vm, model, () => macsBeside(domain, raw.list))
  const whole = await renderVm(host, vm, { macs, acceleration: common.acceleration })
  const { element, replaced } = withActualImages(whole, domain.config, vm)
  const planFor = (live: Element | undefined): Plan | undefined =>
    planOf(
      { machines: machineAliases(raw.capabilities) },
      { config: domain.config, live },
      { element, absent: [] },
      { disks: [], interfaces: [], allow: args.allow, state: args.state },
    )
  const seed = seedOf(vm, macs)
  const sources = new Set(model.disks.map(({ source }) => source))
  return {
    ...about,
    macs,
    plan: planFor(domain.live),
    again: planFor,
    missing: missingDisks(element, domain.config, vm),
    replaced,
    sizes: new Map([...common.sizes].filter(([file]) => sources.has(file))),
    seedDiffers: seed !== undefined && common.digests.get(vm.seed ?? '') !== digestOfSeed(seed),
  }
}

const NOTHING = {
  macs: [],
  plan: undefined,
  again: () => undefined,
  missing: [],
  replaced: [],
  sizes: new Map<string, bigint>(),
  seedDiffers: false,
}

const macsBeside = (own: RawDomain, all: readonly RawDomain[]): string[] =>
  all.filter((one) => one !== own).flatMap(({ config }) => readDomain(config).nics.flatMap(({ mac }) => mac ?? []))

const basesOf = (vms: readonly WantedVm[]): string[] => [
  ...new Set(vms.flatMap((vm) => vm.disks.flatMap(({ base }) => base?.file ?? []))),
]

function addressesOf(
  mac: string | undefined,
  leases: ReadonlyMap<string, string[]>,
  neighbours: readonly string[],
): string[] {
  if (mac === undefined) return []
  const leased = leases.get(mac) ?? []
  if (leased.length > 0) return leased
  return neighbours
    .filter((line) => line.includes(` lladdr ${mac} `) && !/FAILED|INCOMPLETE/.test(line) && !line.startsWith('fe80:'))
    .map((line) => line.split(' ')[0] ?? '')
}
