import { sh } from '../../../core/connection/quote.ts'
import type { LibvirtVersions } from '../../../core/libvirt/types.ts'
import { child, parseXml } from '../../../core/libvirt/xml/element.ts'
import { ModuleFailure, type Reader } from '../../../core/module/types.ts'
import { ask } from '../daemon/ask.ts'
import { parseUnits, type Unit, unitsScript } from './daemons.ts'
import { installedScript, type PackageManager, packagesFor } from './packages.ts'
import { parseValidation, type Validation } from './validation.ts'

/** What a host is, as a hypervisor. */
export interface HostState {
  readonly manager: PackageManager | undefined
  readonly packages: readonly string[]
  readonly missing: readonly string[]
  readonly units: readonly Unit[]
  readonly systemd: boolean
  /** The processor can, and /dev/kvm is there. */
  readonly kvm: { readonly device: boolean; readonly processor: boolean }
  readonly validation: readonly Validation[]
  readonly qemuConf: string | undefined
  readonly libvirt:
    | {
        readonly versions: LibvirtVersions
        readonly runningGuests: number
        readonly uuid: string
        readonly arch: string
        readonly cpu: string
      }
    | undefined
}

const FACTS = sh`if command -v apt-get >/dev/null 2>&1; then echo manager=apt
elif command -v dnf >/dev/null 2>&1; then echo manager=dnf
elif command -v zypper >/dev/null 2>&1; then echo manager=zypper; fi
echo "machine=$(uname -m)"
[ -c /dev/kvm ] && echo kvm=1
grep -Eqm1 '^(flags|Features).*[[:space:]](vmx|svm)([[:space:]]|$)' /proc/cpuinfo && echo cpu=1
[ -d /run/systemd/system ] && echo systemd=1; true`

/** Reads all of it in two round trips; nothing is started but what systemd's sockets wake. */
export async function probeHost(
  host: Reader,
  packages: readonly string[] | undefined,
  wantsConf: boolean,
): Promise<HostState> {
  const [facts, units, validation, conf, libvirt] = await Promise.all([
    host.read(FACTS),
    host.read(unitsScript()),
    host.read(sh`command -v virt-host-validate >/dev/null 2>&1 && LC_ALL=C virt-host-validate qemu 2>&1; true`),
    wantsConf ? host.read(sh`cat /etc/libvirt/qemu.conf 2>/dev/null`) : undefined,
    ask(host, async (lv) => await Promise.all([lv.available(), lv.domains(), lv.capabilities()])),
  ])
  const fact = new Map(
    facts.stdout
      .toString()
      .split('\n')
      .map((l) => [l.split('=')[0], l.split('=')[1]]),
  )
  const manager = fact.get('manager') as PackageManager | undefined
  const machine = fact.get('machine') ?? ''
  const wanted = packages ?? (manager ? packagesFor(manager, machine) : [])
  if (!manager && wanted.length > 0)
    throw new ModuleFailure('no package manager that is known: apt, dnf or zypper', {
      hint: 'packages: [] installs nothing',
    })
  const installed =
    manager && wanted.length > 0
      ? new Set((await host.read(installedScript(manager, wanted))).stdout.toString().split('\n'))
      : new Set<string>()
  return {
    manager,
    packages: wanted,
    missing: wanted.filter((p) => !installed.has(p)),
    units: parseUnits(units.stdout.toString()),
    systemd: fact.get('systemd') === '1',
    // Other architectures have no flag for it: there the device tells.
    kvm: { device: fact.get('kvm') === '1', processor: fact.get('cpu') === '1' || !/^(x86_64|i.86)$/.test(machine) },
    validation: parseValidation(validation.stdout.toString()),
    qemuConf: conf?.status === 0 ? conf.stdout.toString() : undefined,
    libvirt: libvirt.kind === 'answer' ? summary(...libvirt.value) : undefined,
  }
}

type Answers = [
  Awaited<ReturnType<Reader['libvirt']['available']>>,
  Awaited<ReturnType<Reader['libvirt']['domains']>>,
  string,
]

function summary(...[available, domains, capabilities]: Answers): HostState['libvirt'] {
  if (!available.ok) return undefined
  const host = child(parseXml(capabilities), 'host')
  return {
    versions: available.versions,
    runningGuests: domains.filter((d) => d.state !== 'shut off' && d.state !== 'crashed').length,
    uuid: child(host, 'uuid')?.text ?? '',
    arch: child(host, 'cpu', 'arch')?.text ?? '',
    cpu: child(host, 'cpu', 'model')?.text ?? '',
  }
}
