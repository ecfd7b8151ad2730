import { sh } from '../../../core/connection/quote.ts'
import type { JsonObject } from '../../../core/events/json.ts'
import { parseSeveral, severalScript } from '../../files/several.ts'
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

const OS = ['/etc/os-release', '/usr/lib/os-release']
const FILES = [
  ...OS,
  '/etc/debian_version',
  '/proc/1/comm',
  '/etc/machine-id',
  '/proc/sys/kernel/random/boot_id',
  '/proc/cmdline',
  '/sys/fs/selinux/enforce',
  '/etc/resolv.conf',
]

/** Who the host is: distribution, kernel, names, time, user, tools. */
export const platform: FactSubset = {
  script: sh`echo @@uname; uname -s -n -r -v -m
echo @@fqdn; hostname -f 2>/dev/null
echo @@time; date '+%s%n%Y %m %d %H %M %S %Z %z %A %j'
echo @@user; id; printf '%s\n' "$HOME" "$SHELL"
echo @@managers; for c in apt-get dnf yum zypper pacman apk; do command -v $c >/dev/null 2>&1 && echo \${c%-get}; done
echo @@init; [ -d /run/systemd/system ] && echo systemd
echo @@apparmor; [ -d /sys/kernel/security/apparmor ] && echo enabled
echo @@files; ${severalScript(sh`${FILES} /etc/ssh/ssh_host_*_key.pub`)} 2>/dev/null
exit 0`,
  parse(output) {
    const part = sections(output)
    const files = parseSeveral(part.get('files') ?? '')
    const split = (text: string | undefined): string[] => (text ?? '').trimEnd().split('\n')
    const lines = (name: string): string[] => split(part.get(name))
    const file = (path: string): string => split(files.get(path))[0]!
    // Of these words only the version may hold blanks.
    const [, system = '', node = '', kernel = '', version = '', machine = ''] =
      /^(\S+) (\S+) (\S+) (.*) (\S+)$/.exec(lines('uname')[0]!) ?? []
    const fqdn = lines('fqdn')[0] || node
    const [identity = '', home = '', shell = ''] = lines('user')
    const [, uid = '', user = '', gid = ''] = /^uid=(\d+)(?:\(([^)]*)\))? gid=(\d+)/.exec(identity) ?? []
    const managers = lines('managers')
    return {
      ...distribution(OS.map((path) => files.get(path) ?? '').join('\n'), file('/etc/debian_version')),
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
      service_mgr: lines('init')[0] || file('/proc/1/comm') || 'unknown',
      machine_id: file('/etc/machine-id'),
      boot_id: file('/proc/sys/kernel/random/boot_id'),
      cmdline: commandLine(file('/proc/cmdline')),
      selinux: selinux(file('/sys/fs/selinux/enforce')),
      apparmor: { status: lines('apparmor')[0] === 'enabled' ? 'enabled' : 'disabled' },
      dns: dns(split(files.get('/etc/resolv.conf'))),
      ...hostKeys([...files].filter(([path]) => path.startsWith('/etc/ssh/')).map(([, text]) => split(text)[0]!)),
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

function dateTime([epoch = '', local = '']: string[]): JsonObject {
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
    iso8601: new Date(Number(epoch) * 1000).toISOString().replace(/\.\d+/, ''),
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

function selinux(enforce: string): JsonObject {
  return enforce === ''
    ? { status: 'disabled' }
    : { status: 'enabled', mode: enforce === '1' ? 'enforcing' : 'permissive' }
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
