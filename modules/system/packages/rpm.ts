import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { PackageAct, PackageBackend, PackageQuery, PackageState, Pending } from './backend.ts'

const FORMAT = '%{NAME}\\t%{ARCH}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\n'

/** What dnf and zypper share: rpm's database answers for what is installed, also by what a package provides. */
function rpmBackend(
  name: 'dnf' | 'zypper',
  candidates: (names: readonly string[], fresh: boolean) => ShellText,
  pending: (fresh: boolean) => ShellText,
  act: (a: PackageAct) => ShellText,
): PackageBackend {
  return {
    name,
    query({ names, candidates: wanted, fresh = false }) {
      const each = names.map(
        (one) =>
          sh`printf 'N\t%s\n' ${one}; rpm -q --qf ${FORMAT} -- ${one} 2>/dev/null || rpm -q --whatprovides --qf ${FORMAT} -- ${one} 2>/dev/null | grep -v 'no package provides'`,
      )
      return sh.join([
        sh`echo @@rpm`,
        ...each,
        ...(wanted ? [sh`echo @@offered`, candidates(names, fresh)] : []),
        sh`exit 0`,
      ])
    },
    parse: parseRpm,
    pending: (_full, fresh = false) => pending(fresh),
    parsePending,
    cacheAge: sh.raw(
      `t=$(find /var/cache/${name === 'dnf' ? 'dnf' : 'zypp'} -name 'repomd.xml' -exec stat -c %Y {} + 2>/dev/null | sort -n | head -n1); if [ -n "$t" ]; then echo $(($(date +%s) - t)); else echo -1; fi`,
    ),
    act,
  }
}

function parseRpm(output: string, query: PackageQuery): Map<string, PackageState> {
  const [, installed = '', offered = ''] = /^@@rpm\n([\s\S]*?)(?:@@offered\n([\s\S]*))?$/.exec(output) ?? []
  const versions = new Map<string, { version: string; by: string }>()
  let asked = ''
  for (const line of installed.split('\n')) {
    const [name = '', second = '', version] = line.split('\t')
    if (name === 'N') asked = second
    else if (version !== undefined && !versions.has(asked)) versions.set(asked, { version, by: name })
  }
  const newest = new Map(offered.split('\n').map((line) => line.split('\t') as [string, string]))
  const states = new Map<string, PackageState>()
  for (const name of query.names) {
    const found = versions.get(name)
    const by = found && found.by !== name ? found.by : undefined
    states.set(name, {
      installed: found?.version,
      candidate: newest.get(name) ?? newest.get(by ?? ''),
      ...(by !== undefined && { providedBy: by }),
    })
  }
  return states
}

/** `name.arch  epoch:version-release  repository`. */
function parsePending(output: string): Pending[] {
  return output.split('\n').flatMap((line): Pending[] => {
    const [, name, candidate] = /^([^\s.]\S*)\.[^\s.]+\s+(\S+)/.exec(line) ?? []
    return name === undefined ? [] : [{ name, installed: undefined, candidate }]
  })
}

/** A look fetches no metadata, unless the task refreshes it anyway. */
const cacheOnly = (fresh: boolean): readonly string[] => (fresh ? [] : ['-C'])

const FIELDS = '%{name}\\t%{evr}\\n'

/** dnf 4 and 5, and yum where it is the only one. */
export const dnf = rpmBackend(
  'dnf',
  (names, fresh) =>
    sh`$(command -v dnf || command -v yum) -q ${cacheOnly(fresh)} repoquery --latest-limit=1 --qf ${FIELDS} ${names} 2>/dev/null`,
  (fresh) =>
    sh`$(command -v dnf || command -v yum) -q ${cacheOnly(fresh)} check-update 2>/dev/null | sed '/^Obsoleting/,$d'; exit 0`,
  (a) => {
    const tool = sh.raw('$(command -v dnf || command -v yum)')
    const common = sh`-y -q --setopt=exit_on_lock=False ${sh.raw(a.recommends === undefined ? '' : `--setopt=install_weak_deps=${a.recommends ? 'True' : 'False'}`)} ${a.options}`
    const parts = [sh`set -e`]
    if (a.updateCache) parts.push(sh`${tool} -q makecache`)
    if (a.upgrade !== undefined) parts.push(sh`${tool} ${common} upgrade`)
    if (a.install.length > 0)
      parts.push(sh`${tool} ${common} ${sh.raw(a.onlyUpgrade ? 'upgrade' : 'install')} ${a.install}`)
    if (a.remove.length > 0) parts.push(sh`${tool} ${common} remove ${a.remove}`)
    if (a.autoremove) parts.push(sh`${tool} ${common} autoremove`)
    return sh.join(parts)
  },
)

export const zypper = rpmBackend(
  'zypper',
  (names) =>
    sh`zypper -q --no-refresh search -s -t package --match-exact ${names} 2>/dev/null | awk -F'|' '$3 ~ /package/ { gsub(/ /,"",$2); gsub(/ /,"",$4); if (!($2 in seen)) { seen[$2] = 1; print $2 "\t" $4 } }'`,
  () =>
    sh.raw(
      `zypper -q --no-refresh list-updates 2>/dev/null | awk -F'|' 'NF >= 6 && $1 ~ /v/ { gsub(/ /,""); print $3 "." $6 " " $5 }'; exit 0`,
    ),
  (a) => {
    const parts = [sh`set -e`, sh`export ZYPP_LOCK_TIMEOUT=${String(a.lockTimeout)}`]
    const recommends = sh.raw(a.recommends === undefined ? '' : a.recommends ? '--recommends' : '--no-recommends')
    if (a.updateCache) parts.push(sh`zypper -n -q refresh`)
    if (a.upgrade !== undefined) parts.push(sh`zypper -n -q ${sh.raw(a.upgrade === 'full' ? 'dup' : 'update')}`)
    if (a.install.length > 0)
      parts.push(
        sh`zypper -n -q ${sh.raw(a.onlyUpgrade ? 'update' : 'install')} ${recommends} ${a.options} -- ${a.install}`,
      )
    if (a.remove.length > 0) parts.push(sh`zypper -n -q remove ${sh.raw(a.autoremove ? '-u' : '')} -- ${a.remove}`)
    return sh.join(parts)
  },
)
