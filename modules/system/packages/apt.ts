import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { PackageBackend, PackageState, Pending } from './backend.ts'

const QUERY = '${Package}\\t${Architecture}\\t${db:Status-Status}\\t${Version}\\t${Provides}\\n'

/** Lines about the packages named as arguments, or those that provide them. */
const WANTED = `BEGIN { for (i = 1; i < ARGC; i++) { want[ARGV[i]] = 1; ARGV[i] = "" } }
function hit(name, arch, provides,   n, i, list, word) {
  if ((name in want) || ((name ":" arch) in want)) return 1
  n = split(provides, list, /, */)
  for (i = 1; i <= n; i++) { split(list[i], word, " "); if (word[1] in want) return 1 }
  return 0
}`
/** From what dpkg-query answers. */
const FILTER = `${WANTED}
hit($1, $2, $5) { print }`
/** From dpkg's database itself, as dpkg-query would answer. */
const READ = `${WANTED}
function tell() { if (p != "" && hit(p, a, r)) print p "\\t" a "\\t" s "\\t" v "\\t" r; p = a = s = v = r = "" }
/^Package: / { p = $2 }
/^Status: / { s = $4 }
/^Architecture: / { a = $2 }
/^Version: / { v = $2 }
/^Provides: / { r = substr($0, 11) }
/^$/ { tell() }
END { tell() }`

/** Asking dpkg-query takes four times as long as reading its database; but while dpkg works, news are in other files yet. */
const installed = (names: readonly string[]): ShellText =>
  sh`set -- /var/lib/dpkg/updates/[0-9]*
if [ -r /var/lib/dpkg/status ] && [ ! -e "$1" ]; then awk ${READ} ${names} </var/lib/dpkg/status
else dpkg-query -W -f ${QUERY} 2>/dev/null | awk -F '\t' ${FILTER} ${names}; fi`

/** apt writes its caches when they are older than what they are made from: then it works without, as a probe writes nothing. */
const CACHE = sh.raw(`d=/etc/apt o= s=/var/lib/dpkg/status
for c in pkgcache srcpkgcache; do
  for f in $s /var/lib/apt/lists $d/sources.list $d/sources.list.d $d/sources.list.d/* $d/apt.conf $d/apt.conf.d $d/apt.conf.d/*; do
    [ /var/cache/apt/$c.bin -nt "$f" ] || [ ! -e "$f" ] || { o="$o -o Dir::Cache::$c="; break; }
  done
  s=
done`)

/** Debian's apt. Reads go to dpkg's database and, for candidates, to apt-cache; neither takes a lock. */
export const apt: PackageBackend = {
  name: 'apt',
  query({ names, candidates }) {
    const policy = sh`echo @@policy; ${CACHE}; apt-cache $o policy -- ${names} 2>/dev/null`
    return sh`echo @@dpkg; f=$(${installed(names)}); echo "$f"
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
  cacheAge: sh.raw(`l=/var/lib/apt/lists s=/var/lib/apt/periodic/update-success-stamp t=
[ -e $s ] || s=$l
set -- $l/*_*
[ ! -e "$1" ] || t=$(stat -c %Y $s)
if [ -n "$t" ]; then echo $(($(date +%s) - t)); else echo -1; fi`),
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
