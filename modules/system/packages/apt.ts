import { sh } from '../../../core/connection/quote.ts'
import type { PackageBackend, PackageState } from './backend.ts'

const QUERY = '${Package}\\t${Architecture}\\t${db:Status-Status}\\t${Version}\\t${Provides}\\n'

/** Debian's apt. Reads go to dpkg's database and, for candidates, to apt-cache; neither takes a lock. */
export const apt: PackageBackend = {
  name: 'apt',
  query({ names, candidates }) {
    const parts = [sh`echo @@dpkg; dpkg-query -W -f ${QUERY} 2>/dev/null`]
    if (candidates)
      parts.push(
        sh`echo @@policy; apt-cache policy -- ${names} 2>/dev/null; echo @@provides; apt-cache showpkg -- ${names} 2>/dev/null | grep -E '^(Package:|Reverse Provides:|[a-z0-9].* .* \(= |[a-z0-9][^ ]* [^ ]*$)'`,
      )
    parts.push(sh`exit 0`)
    return sh.join(parts)
  },
  parse(output, { names, candidates }) {
    const [, dpkg = '', policy = ''] =
      /^@@dpkg\n([\s\S]*?)(?:@@policy\n([\s\S]*?))?(?:@@provides[\s\S]*)?$/.exec(output) ?? []
    const installed = new Map<string, string>()
    const provided = new Map<string, string>()
    for (const line of dpkg.split('\n')) {
      const [name = '', arch = '', status, version = '', provides = ''] = line.split('\t')
      if (status !== 'installed') continue
      if (!installed.has(name)) installed.set(name, version)
      installed.set(`${name}:${arch}`, version)
      for (const one of provides.split(',')) provided.set(one.trim().split(' ')[0]!, name)
    }
    const offered = candidatesOf(policy)
    const states = new Map<string, PackageState>()
    for (const name of names) {
      const by = provided.get(name)
      const version = installed.get(name) ?? (by === undefined ? undefined : installed.get(by))
      states.set(name, {
        installed: version,
        candidate: offered.get(name) ?? (candidates && by !== undefined ? version : undefined),
        ...(by !== undefined && { providedBy: by }),
      })
    }
    return states
  },
  cacheAge: sh.raw(
    `t=$(stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || stat -c %Y /var/lib/apt/lists 2>/dev/null); n=$(ls /var/lib/apt/lists 2>/dev/null | grep -c _); if [ -n "$t" ] && [ "$n" -gt 0 ]; then echo $(($(date +%s) - t)); else echo -1; fi`,
  ),
  act(act) {
    const common = sh`-y -q -o DPkg::Lock::Timeout=${String(act.lockTimeout)} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold ${act.options}`
    const recommends = sh.raw(
      act.recommends === undefined ? '' : `-o APT::Install-Recommends=${act.recommends ? 'yes' : 'no'}`,
    )
    const upgrade = sh.raw(act.onlyUpgrade ? '--only-upgrade' : '')
    const parts = [sh`export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical NEEDRESTART_MODE=l`, sh`set -e`]
    if (act.updateCache) parts.push(sh`apt-get update -q -o DPkg::Lock::Timeout=${String(act.lockTimeout)}`)
    if (act.install.length > 0) parts.push(sh`apt-get install ${common} ${recommends} ${upgrade} -- ${act.install}`)
    if (act.remove.length > 0)
      parts.push(sh`apt-get ${sh.raw(act.purge ? 'purge' : 'remove')} ${common} -- ${act.remove}`)
    if (act.autoremove) parts.push(sh`apt-get autoremove ${common}`)
    return sh.join(parts)
  },
  versioned: (name, version) => `${name}=${version}`,
}

function candidatesOf(policy: string): Map<string, string> {
  const found = new Map<string, string>()
  let name: string | undefined
  for (const line of policy.split('\n')) {
    if (/^\S.*:$/.test(line)) name = line.slice(0, -1)
    const candidate = /^ {2}Candidate: (.+)$/.exec(line)?.[1]
    if (name !== undefined && candidate !== undefined && candidate !== '(none)') found.set(name, candidate)
  }
  return found
}
