import { readFile } from 'node:fs/promises'
import { attempt, run } from './command.ts'
import { LabError } from './errors.ts'
import type { LabOptions, WantedMachine } from './options.ts'
import type { Report } from './progress.ts'

const always = [
  'debootstrap',
  'debian-archive-keyring',
  'ca-certificates',
  'e2fsprogs',
  'openssh-client',
  'util-linux',
  'mount',
  'kmod',
  'procps',
]
const forVms = ['qemu-system-x86', 'qemu-utils', 'cpio']
const forContainers = ['systemd-container', 'slirp4netns', 'iproute2']

/** The Debian packages that these machines need on this one. */
export function neededPackages(machines: readonly WantedMachine[]): string[] {
  const some = (kind: string) => machines.some((machine) => machine.kind === kind)
  return [...always, ...(some('vm') ? forVms : []), ...(some('container') ? forContainers : [])]
}

/** The packages of the list that are not installed. */
export async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const listed = await attempt('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages])
  const installed = new Set(
    listed.stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0]] : [])),
  )
  return packages.filter((name) => !installed.has(name))
}

/** Installs what these machines need, as `ensureInstalled` does. */
export function ensurePackages(machines: readonly WantedMachine[], options: LabOptions, report: Report): Promise<void> {
  return ensureInstalled(neededPackages(machines), 'the lab needs', options, report)
}

/** Installs what is missing after asking; throws `packages-missing` with the command to type when the answer is no. */
export async function ensureInstalled(
  packages: readonly string[],
  who: string,
  options: Pick<LabOptions, 'yes' | 'confirm' | 'signal'>,
  report: Report,
): Promise<void> {
  const missing = await missingPackages(packages)
  if (missing.length === 0) return
  if (!options.yes && !(await options.confirm?.(missing))) {
    const hint = `apt-get install --no-install-recommends ${missing.join(' ')}`
    throw new LabError('packages-missing', `${who} packages that are not installed: ${missing.join(', ')}`, hint)
  }
  let done = 0
  const total = 4 * missing.length + 10
  const onLine = (line: string) => {
    done = Math.min(done + 1, total)
    report({ step: 'packages of this machine', detail: line.slice(0, 100), done, total })
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const how = { env, onLine, signal: options.signal, timeout: 1_200_000 }
  try {
    await run('apt-get', ['-q', 'update'], how)
    await run('apt-get', ['-q', '-y', '--no-install-recommends', 'install', ...missing], how)
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'command-failed') throw error
    const offline = /Could not resolve|Temporary failure|Could not connect|Unable to locate/.test(error.hint)
    throw new LabError(offline ? 'no-network' : 'packages-missing', `cannot install ${missing.join(' ')}`, error.hint)
  }
  report({ step: 'packages of this machine', detail: 'done', done: total, total })
}

/** Throws when this machine cannot hold a lab at all: not Debian or a child of it, or not root. */
export async function checkMachine(machines: readonly WantedMachine[]): Promise<void> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID(_LIKE)?=.*debian/m.test(release)) {
    throw new LabError(
      'not-debian',
      'the lab runs on Debian and its children only',
      'this machine has no /etc/os-release that says so',
    )
  }
  if (process.getuid?.() !== 0) {
    throw new LabError(
      'not-root',
      'the lab needs root: it builds file systems and network namespaces',
      'sudo virtfleet lab up',
    )
  }
  if (machines.some((machine) => machine.kind === 'container')) {
    const tun = await attempt('test', ['-c', '/dev/net/tun'])
    if (tun.status !== 0) {
      throw new LabError('no-tun', '/dev/net/tun is missing: the containers have no way out without it', 'modprobe tun')
    }
  }
}
