import { type ShellText, sh } from '../../../core/connection/quote.ts'

/** The package managers we install with. */
export type PackageManager = 'apt' | 'dnf' | 'zypper'

/** Debian's qemu-system package of an architecture, by `uname -m`. */
const DEBIAN_QEMU: Readonly<Record<string, string>> = {
  x86_64: 'qemu-system-x86',
  aarch64: 'qemu-system-arm',
  ppc64le: 'qemu-system-ppc',
  s390x: 'qemu-system-misc',
  riscv64: 'qemu-system-misc',
}

/** What makes a host a hypervisor: the daemon with its QEMU driver, virsh, QEMU, qemu-img, DHCP and DNS for networks. */
export function packagesFor(manager: PackageManager, machine: string): string[] {
  if (manager === 'apt') {
    const qemu = DEBIAN_QEMU[machine] ?? 'qemu-system'
    return ['libvirt-daemon-system', 'libvirt-clients', qemu, 'qemu-utils', 'dnsmasq-base']
  }
  if (manager === 'dnf') return ['libvirt-daemon-kvm', 'libvirt-client', 'qemu-kvm', 'qemu-img', 'dnsmasq']
  return ['libvirt-daemon-qemu', 'libvirt-client', 'qemu-kvm', 'qemu-tools', 'dnsmasq']
}

/** Prints the installed ones of these packages, one a line. */
export function installedScript(manager: PackageManager, packages: readonly string[]): ShellText {
  if (manager === 'apt')
    return sh`dpkg-query -W -f '\${Package} \${db:Status-Status}\n' -- ${packages} 2>/dev/null | sed -n 's/ installed$//p'`
  // A capability counts as well: qemu-kvm is provided by other packages.
  return sh`for p in ${packages}; do rpm -q --whatprovides "$p" >/dev/null 2>&1 && echo "$p"; done; true`
}

/** Installs without what is only recommended; waits for another package manager's lock. */
export function installScript(manager: PackageManager, packages: readonly string[]): ShellText {
  if (manager === 'apt') {
    return sh.join([
      sh.raw('export DEBIAN_FRONTEND=noninteractive'),
      sh.raw('[ -n "$(find /var/lib/apt/lists -name "*_Packages*" 2>/dev/null | head -n 1)" ] || apt-get -q update'),
      sh`i() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold --no-install-recommends install ${packages}; }`,
      sh.raw('i || { apt-get -q update && i; }'),
    ])
  }
  if (manager === 'dnf') return sh`dnf -y --setopt=install_weak_deps=False install ${packages}`
  return sh`zypper --non-interactive install --no-recommends ${packages}`
}
