import { readFile } from 'node:fs/promises'
import { attempt } from '../command.ts'
import { LabError } from '../errors.ts'

/** Where Debian's packages and its security updates come from: addresses as in sources.list. */
export interface Mirrors {
  mirror: string
  securityMirror: string
}

/** The mirrors that the environment names, else those of this machine's own apt. Throws `no-mirror`. */
export async function readMirrors(suite: string): Promise<Mirrors> {
  const mirror = process.env['VIRTFLEET_LAB_MIRROR']
  const securityMirror = process.env['VIRTFLEET_LAB_SECURITY_MIRROR']
  if (mirror && securityMirror) return { mirror, securityMirror }
  // Its lists need not be there: what apt would fetch counts.
  const format = '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(SITE)'
  const targets = await attempt('apt-get', ['indextargets', '--no-release-info', '--format', format])
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const codename = /^ID=debian$/m.test(release) ? (/^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1] ?? suite) : suite
  const found = findMirrors(targets.stdout, [suite, codename, 'stable', 'testing', 'unstable', 'sid'])
  return {
    mirror: mirror ?? found.mirror ?? missing('packages', suite, 'VIRTFLEET_LAB_MIRROR'),
    securityMirror:
      securityMirror ?? found.securityMirror ?? missing('security updates', suite, 'VIRTFLEET_LAB_SECURITY_MIRROR'),
  }
}

/**
 * The mirrors among apt's targets (lines `Packages RELEASE COMPONENT ADDRESS`) whose release has one of these names; names that
 * come first are preferred, as another Debian's mirror has the wanted suite too.
 */
export function findMirrors(targets: string, names: readonly string[]): Partial<Mirrors> {
  const sites = new Map<string, string>()
  for (const line of targets.split('\n')) {
    const [kind, release = '', component, site] = line.trim().split(' ')
    if (kind === 'Packages' && component === 'main' && site && !sites.has(release)) sites.set(release, site)
  }
  const first = (suffix: string) =>
    names.map((name) => sites.get(`${name}${suffix}`)).find((site) => site !== undefined)
  const [mirror, securityMirror] = [first(''), first('-security')]
  return { ...(mirror && { mirror }), ...(securityMirror && { securityMirror }) }
}

function missing(what: string, suite: string, variable: string): never {
  throw new LabError(
    'no-mirror',
    `this machine's apt has no source of Debian's ${what}, of which the lab is made`,
    `add one to apt's sources, or name a mirror that has ${suite} in ${variable}`,
  )
}
