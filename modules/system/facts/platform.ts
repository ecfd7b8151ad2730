import { sh } from '../../../core/connection/quote.ts'
import type { JsonObject } from '../../../core/events/json.ts'
import { type FactSubset, keyValues, sections } from './subset.ts'

const FAMILIES: Record<string, string> = {
  debian: 'Debian',
  ubuntu: 'Debian',
  linuxmint: 'Debian',
  raspbian: 'Debian',
  kali: 'Debian',
  devuan: 'Debian',
  rhel: 'RedHat',
  centos: 'RedHat',
  fedora: 'RedHat',
  rocky: 'RedHat',
  almalinux: 'RedHat',
  ol: 'RedHat',
  amzn: 'RedHat',
  openeuler: 'RedHat',
  anolis: 'RedHat',
  sles: 'Suse',
  'opensuse-leap': 'Suse',
  'opensuse-tumbleweed': 'Suse',
  arch: 'Archlinux',
  alpine: 'Alpine',
  gentoo: 'Gentoo',
}
const DISTRIBUTIONS: Record<string, string> = {
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  rhel: 'RedHat',
  centos: 'CentOS',
  fedora: 'Fedora',
  rocky: 'Rocky',
  almalinux: 'AlmaLinux',
  ol: 'OracleLinux',
  amzn: 'Amazon',
  sles: 'SLES',
  'opensuse-leap': 'openSUSE Leap',
  'opensuse-tumbleweed': 'openSUSE Tumbleweed',
  arch: 'Archlinux',
  alpine: 'Alpine',
  gentoo: 'Gentoo',
  linuxmint: 'Linux Mint',
  kali: 'Kali',
  openeuler: 'openEuler',
}
const MANAGERS = ['apt', 'dnf', 'yum', 'zypper', 'pacman', 'apk']

/** Who the host is: distribution, kernel, names, time, user, tools. */
export const platform: FactSubset = {
  script: sh.raw(`echo @@os; cat /etc/os-release /usr/lib/os-release 2>/dev/null
echo @@debian; cat /etc/debian_version 2>/dev/null
echo @@uname; uname -s; uname -r; uname -m; uname -v; uname -n
echo @@fqdn; hostname -f 2>/dev/null
echo @@time; date +%s; date +'%Y %m %d %H %M %S %Z %z %A %j'; date -u +%Y-%m-%dT%H:%M:%SZ
echo @@user; id -un; id -u; id -g; printf '%s\\n' "$HOME" "$SHELL"
echo @@managers; for c in apt-get dnf yum zypper pacman apk; do command -v $c >/dev/null 2>&1 && echo \${c%-get}; done
echo @@init; cat /proc/1/comm; [ -d /run/systemd/system ] && echo systemd
echo @@machine_id; cat /etc/machine-id 2>/dev/null
echo @@boot_id; cat /proc/sys/kernel/random/boot_id
echo @@cmdline; cat /proc/cmdline
echo @@selinux; getenforce 2>/dev/null
echo @@apparmor; [ -d /sys/kernel/security/apparmor ] && echo enabled
echo @@dns; grep -E '^(nameserver|search)' /etc/resolv.conf 2>/dev/null
echo @@keys; for f in /etc/ssh/ssh_host_*_key.pub; do [ -r "$f" ] && cat "$f"; done
exit 0`),
  parse(output) {
    const part = sections(output)
    const lines = (name: string): string[] => (part.get(name) ?? '').trimEnd().split('\n')
    const [system = '', kernel = '', machine = '', version = '', node = ''] = lines('uname')
    const fqdn = lines('fqdn')[0] || node
    const [user = '', uid = '', gid = '', home = '', shell = ''] = lines('user')
    const managers = lines('managers')
    return {
      ...distribution(part.get('os') ?? '', lines('debian')[0] ?? ''),
      system,
      kernel,
      kernel_version: version,
      machine,
      architecture: machine,
      nodename: node,
      hostname: node.split('.')[0]!,
      fqdn,
      domain: fqdn.split('.').slice(1).join('.'),
      date_time: dateTime(lines('time')),
      user_id: user,
      user_uid: Number(uid),
      user_gid: Number(gid),
      user_dir: home,
      user_shell: shell,
      pkg_mgr: MANAGERS.find((one) => managers.includes(one)) ?? 'unknown',
      service_mgr: lines('init').includes('systemd') ? 'systemd' : (lines('init')[0] ?? 'unknown'),
      machine_id: lines('machine_id')[0] ?? '',
      boot_id: lines('boot_id')[0] ?? '',
      cmdline: commandLine(lines('cmdline')[0] ?? ''),
      selinux: selinux(lines('selinux')[0] ?? ''),
      apparmor: { status: lines('apparmor')[0] === 'enabled' ? 'enabled' : 'disabled' },
      dns: dns(lines('dns')),
      ...hostKeys(lines('keys')),
    }
  },
}

function distribution(text: string, debian: string): JsonObject {
  const values = keyValues(text)
  const value = (key: string): string => (values.get(key) ?? '').replace(/^["']|["']$/g, '')
  const id = value('ID')
  const like = value('ID_LIKE')
    .split(' ')
    .find((one) => FAMILIES[one] !== undefined)
  // Debian says the point release only in a file of its own, and Ansible reports it.
  const version = id === 'debian' && /^\d/.test(debian) ? debian : value('VERSION_ID')
  return {
    distribution: DISTRIBUTIONS[id] ?? (value('NAME') || 'unknown'),
    distribution_version: version,
    distribution_major_version: version.split('.')[0]!,
    distribution_release: value('VERSION_CODENAME') || (/\((.*)\)/.exec(value('VERSION'))?.[1] ?? 'NA'),
    os_family: FAMILIES[id] ?? FAMILIES[like ?? ''] ?? (value('NAME') || 'unknown'),
  }
}

function dateTime([epoch = '', local = '', iso = '']: string[]): JsonObject {
  const [year = '', month = '', day = '', hour = '', minute = '', second = '', tz = '', offset = '', weekday = ''] =
    local.split(' ')
  return {
    year,
    month,
    day,
    hour,
    minute,
    second,
    tz,
    weekday,
    epoch,
    tz_offset: offset,
    iso8601: iso,
    date: `${year}-${month}-${day}`,
    time: `${hour}:${minute}:${second}`,
  }
}

function commandLine(text: string): JsonObject {
  return Object.fromEntries(
    text
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => {
        const at = word.indexOf('=')
        return at < 0 ? [word, true] : [word.slice(0, at), word.slice(at + 1)]
      }),
  )
}

function selinux(mode: string): JsonObject {
  return mode === '' || mode === 'Disabled' ? { status: 'disabled' } : { status: 'enabled', mode: mode.toLowerCase() }
}

function dns(lines: readonly string[]): JsonObject {
  const rest = (key: string): string[] =>
    lines.filter((line) => line.startsWith(key)).flatMap((line) => line.split(/\s+/).slice(1))
  return { nameservers: rest('nameserver'), search: rest('search') }
}

function hostKeys(lines: readonly string[]): JsonObject {
  const found: Record<string, string> = {}
  for (const line of lines) {
    const [type = '', key = ''] = line.split(' ')
    const short = type.replace(/^ssh-/, '').replace(/^ecdsa-.*/, 'ecdsa')
    if (key !== '') found[`ssh_host_key_${short}_public`] = key
  }
  return found
}
