import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { PackageBackend, PackageState, Pending } from './backend.ts'

const QUERY = '${Package}\\t${Architecture}\\t${db:Status-Status}\\t${Version}\\t${Provides}\\n'

/** Lines of dpkg's database about the packages named as arguments, or those that provide them. */
const FILTER = `BEGIN { for (i = 1; i < ARGC; i++) { want[ARGV[i]] = 1; ARGV[i] = "" } }
{ hit = ($1 in want) || (($1 ":" $2) in want)
  n = split($5, provided, /, */); for (i = 1; i <= n; i++) { split(provided[i], word, " "); if (word[1] in want) hit = 1 }
  if (hit) print }`

/** apt writes its cache of the lists when it is stale: then it works without, as a probe writes nothing. */
const CACHE = sh.raw(`d=/var/cache/apt; o=
[ $d/pkgcache.bin -nt /var/lib/dpkg/status ] && [ $d/pkgcache.bin -nt /var/lib/apt/lists ] || o='-o Dir::Cache::pkgcache='
[ $d/srcpkgcache.bin -nt /var/lib/apt/lists ] || o="$o -o Dir::Cache::srcpkgcache="`)

/** Debian's apt. Reads go to dpkg's database and, for candidates, to apt-cache; neither takes a lock. */
export const apt: PackageBackend = {
  name: 'apt',
  query({ names, candidates }) {
    const policy = sh`echo @@policy; ${CACHE}; apt-cache $o policy -- ${names} 2>/dev/null`
    return sh`echo @@dpkg; f=$(dpkg-query -W -f ${QUERY} 2>/dev/null | awk -F '\t' ${FILTER} ${names}); echo "$f"
${
  candidates
    ? policy
    : sh`l='
' t='	'; for n in ${names}; do case "$l$f" in *"$l$n$t"*) ;; *) ${policy}; break;; esac; done`
}
exit 0`
  },
  parse(output, { names }) {
    const [, dpkg = '', policy] = /^@@dpkg\n([\s\S]*?)(?:@@policy\n([\s\S]*))?$/.exec(output) ?? []
    const installed = new Map<string, string>()
    const residual = new Set<string>()
    const provided = new Map<string, string>()
    for (const line of dpkg.split('\n')) {
      const [name = '', arch = '', status, version = '', provides = ''] = line.split('\t')
      if (status === 'config-files') residual.add(name).add(`${name}:${arch}`)
      if (status !== 'installed') continue
      if (!installed.has(name)) installed.set(name, version)
      installed.set(`${name}:${arch}`, version)
      for (const one of provides.split(',')) provided.set(one.trim().split(' ')[0]!, name)
    }
    const offered = candidatesOf(policy ?? '')
    return new Map(
      names.map((name): [string, PackageState] => {
        const by = installed.has(name) ? undefined : provided.get(name)
        const version = installed.get(name) ?? (by === undefined ? undefined : installed.get(by))
        return [
          name,
          {
            installed: version,
            candidate: offered.get(name) ?? (by === undefined ? undefined : version),
            ...(by !== undefined && { providedBy: by }),
            ...(version === undefined && residual.has(name) && { residual: true }),
            ...(policy !== undefined && version === undefined && !offered.has(name) && { unheard: true }),
          },
        ]
      }),
    )
  },
  pending: (full) =>
    sh`${CACHE}; apt-get $o -s -q -o Debug::NoLocking=1 ${full ? 'dist-upgrade' : ['upgrade', '--with-new-pkgs']} 2>/dev/null | grep -E '^(Inst|Remv) '; exit 0`,
  parsePending,
  cacheAge: sh.raw(
    `t=$(stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || stat -c %Y /var/lib/apt/lists 2>/dev/null); n=$(ls /var/lib/apt/lists 2>/dev/null | grep -c _); if [ -n "$t" ] && [ "$n" -gt 0 ]; then echo $(($(date +%s) - t)); else echo -1; fi`,
  ),
  act(act): ShellText {
    const common = sh`-y -q -o ${`DPkg::Lock::Timeout=${act.lockTimeout}`} -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold ${act.options}`
    const recommends = sh.raw(
      act.recommends === undefined ? '' : `-o APT::Install-Recommends=${act.recommends ? 'yes' : 'no'}`,
    )
    const upgrade = sh.raw(act.onlyUpgrade ? '--only-upgrade' : '')
    const parts = [sh`export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical NEEDRESTART_MODE=l`, sh`set -e`]
    // An update whose server does not answer must fail, and not install what old lists say.
    if (act.updateCache) parts.push(sh`apt-get update -q -o APT::Update::Error-Mode=any`)
    if (act.upgrade !== undefined)
      parts.push(
        sh`apt-get ${act.upgrade === 'full' ? 'dist-upgrade' : ['upgrade', '--with-new-pkgs']} ${common} ${recommends}`,
      )
    if (act.install.length > 0) parts.push(sh`apt-get install ${common} ${recommends} ${upgrade} -- ${act.install}`)
    if (act.remove.length > 0)
      parts.push(sh`apt-get ${sh.raw(act.purge ? 'purge' : 'remove')} ${common} -- ${act.remove}`)
    if (act.autoremove) parts.push(sh`apt-get autoremove ${sh.raw(act.purge ? '--purge' : '')} ${common}`)
    return sh.join(parts)
  },
}

function candidatesOf(policy: string): Map<string, string | undefined> {
  const found = new Map<string, string | undefined>()
  let name: string | undefined
  for (const line of policy.split('\n')) {
    if (/^\S.*:$/.test(line)) name = line.slice(0, -1)
    const candidate = /^ {2}Candidate: (.+)$/.exec(line)?.[1]
    // A name that is only provided has none, and may be installed all the same.
    if (name !== undefined && candidate !== undefined) found.set(name, candidate === '(none)' ? undefined : candidate)
  }
  return found
}

/** `Inst libc6 [2.36-9] (2.36-10 Debian:12 [amd64]) []`, `Remv old [1.0]`. */
function parsePending(output: string): Pending[] {
  return output.split('\n').flatMap((line): Pending[] => {
    const [, verb, name, installed, candidate] = /^(Inst|Remv) (\S+)(?: \[([^\]]*)\])?(?: \((\S+))?/.exec(line) ?? []
    if (name === undefined) return []
    return [{ name, installed, candidate: verb === 'Inst' ? candidate : undefined }]
  })
}
