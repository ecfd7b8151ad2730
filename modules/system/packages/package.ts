import type { ShellText } from '../../../core/connection/quote.ts'
import type { JsonObject } from '../../../core/events/json.ts'
import { arg } from '../../../core/module/arg.ts'
import { type Change, type Host, ModuleFailure, type Reader, UNKNOWN } from '../../../core/module/types.ts'
import type { PackageAct, PackageBackend, PackageState, Pending } from './backend.ts'
import { NAME, namesFor, splitVersion } from './names.ts'
import { answered, choice, managers, queries } from './query.ts'

/*
 * Packages as a state, for every package manager: what package, apt and dnf have in common.
 */

export const packageArgs = {
  name: arg.list(arg.name()).default([]).describe('packages; apt: name=version, dnf: name-version'),
  state: arg.choice('present', 'installed', 'latest', 'absent', 'removed').default('present'),
  update_cache: arg.bool().default(false).describe('refresh the package lists first'),
  cache_valid_time: arg
    .int()
    .default(0)
    .describe('seconds for which package lists count as fresh; 0: an hour for latest and upgrades'),
  install_recommends: arg.bool().optional().describe('weak dependencies too; the default is that of the host'),
  autoremove: arg.bool().default(false),
  purge: arg.bool().default(false).describe('configuration too (apt)'),
  only_upgrade: arg.bool().default(false).describe('never install what is not there'),
  upgrade: arg
    .choice('no', 'yes', 'safe', 'full', 'dist', 'False', 'True')
    .default('no')
    .describe(
      'every package; full and dist may remove some on the way; the name * with state latest is the same as yes',
    ),
  lock_timeout: arg.int().default(120).describe('seconds to wait for another package run'),
}

export interface PackageArgs {
  readonly name: readonly string[]
  readonly state: 'present' | 'installed' | 'latest' | 'absent' | 'removed'
  readonly update_cache: boolean
  readonly cache_valid_time: number
  readonly install_recommends?: boolean | undefined
  readonly autoremove: boolean
  readonly purge: boolean
  readonly only_upgrade: boolean
  readonly upgrade: string
  readonly lock_timeout: number
}

export interface PackagesState {
  readonly backend: PackageBackend
  readonly packages: ReadonlyMap<string, PackageState>
  /** What an upgrade of everything would do; empty where nobody asked. */
  readonly pending: readonly Pending[]
  /** Seconds; undefined where nobody asked, -1 for no lists at all. */
  readonly cacheAge: number | undefined
}

/** Which upgrade of everything is asked for. */
function upgradeOf(a: PackageArgs): PackageAct['upgrade'] {
  if (a.upgrade === 'full' || a.upgrade === 'dist') return 'full'
  const all = a.state === 'latest' && a.name.includes('*')
  return all || a.upgrade === 'yes' || a.upgrade === 'safe' || a.upgrade === 'True' ? 'safe' : undefined
}

const present = (a: PackageArgs): boolean => a.state !== 'absent' && a.state !== 'removed'

/** Everything in one round trip; the package manager is found on the way where it is not given. */
export async function probePackages(host: Reader, a: PackageArgs, fixed?: PackageBackend): Promise<PackagesState> {
  const possible = managers(fixed)
  const upgrade = upgradeOf(a)
  const asked = async (pick: (backend: PackageBackend) => ShellText): Promise<string> =>
    answered(await host.read(choice(possible, pick)))[1]
  const [{ backend, packages }, age, pending] = await Promise.all([
    host.readJointly(queries(fixed, a.state === 'latest', a.update_cache), a.name),
    a.update_cache ? asked((one) => one.cacheAge) : undefined,
    upgrade === undefined ? undefined : asked((one) => one.pending(upgrade === 'full', a.update_cache)),
  ])
  const bad = namesFor(backend, a.name).find((one) => !NAME.test(one))
  if (bad !== undefined) throw new ModuleFailure(`'${bad}' is not the name of a package`)
  return {
    backend,
    packages,
    pending: pending ? backend.parsePending(pending) : [],
    cacheAge: age === undefined ? undefined : Number(age.trim()),
  }
}

/** An hour: what counts as fresh for `latest` where the task does not say. */
const FRESH = 3600

/** Lists are refreshed when they are older than allowed; without an age, only on the way to an installation. */
function staleCache(state: PackagesState, a: PackageArgs): boolean {
  if (!a.update_cache || state.cacheAge === undefined) return false
  const newest = a.state === 'latest' || upgradeOf(a) !== undefined
  const allowed = a.cache_valid_time > 0 ? a.cache_valid_time : newest ? FRESH : Number.POSITIVE_INFINITY
  return state.cacheAge < 0 || state.cacheAge > allowed
}

/** `apt: update_cache=true` and nothing else. */
const onlyRefreshes = (a: PackageArgs): boolean =>
  a.update_cache && a.cache_valid_time === 0 && a.name.length === 0 && upgradeOf(a) === undefined

export function diffPackages(state: PackagesState, a: PackageArgs): Change[] {
  const changes: Change[] = []
  if (staleCache(state, a) || onlyRefreshes(a)) {
    changes.push({ path: 'package lists', after: 'refreshed', effect: 'action' })
  }
  for (const { name, installed, candidate } of state.pending) {
    const before = installed === undefined ? {} : { before: installed }
    changes.push({
      path: `upgrade.${name}`,
      ...before,
      ...(candidate !== undefined && { after: candidate }),
      effect: 'now',
    })
  }
  for (const one of a.name.filter((other) => other !== '*')) {
    const { name, version } = splitVersion(one, state.backend.name)
    const found = state.packages.get(name)
    const { installed, candidate } = found ?? { installed: undefined, candidate: undefined }
    const path = `packages.${name}`
    if (!present(a)) {
      // One that is only provided by another is not there to be removed.
      const there = found?.providedBy === undefined ? installed : undefined
      if (there !== undefined) changes.push({ path, before: there, effect: 'now' })
      else if (a.purge && found?.residual) changes.push({ path, before: 'configuration', effect: 'now' })
    } else if (installed === undefined) {
      const note = found?.unheard && !a.update_cache ? { note: 'the package lists of the host do not tell of it' } : {}
      if (!a.only_upgrade) changes.push({ path, after: version ?? candidate ?? UNKNOWN, effect: 'now', ...note })
    } else if (version !== undefined && !sameVersion(installed, version)) {
      changes.push({ path, before: installed, after: version, effect: 'now' })
    } else if (a.state === 'latest' && version === undefined && candidate !== undefined && candidate !== installed) {
      changes.push({ path, before: installed, after: candidate, effect: 'now' })
    }
  }
  if (a.autoremove && a.name.length === 0)
    changes.push({ path: 'unneeded packages', after: 'removed', effect: 'action' })
  return changes
}

/** `9.0.*` as apt takes it. */
const sameVersion = (installed: string, wanted: string): boolean =>
  wanted.endsWith('*') ? installed.startsWith(wanted.slice(0, -1)) : installed === wanted

export async function applyPackages(
  host: Host,
  a: PackageArgs,
  state: PackagesState,
  changes: readonly Change[],
): Promise<JsonObject> {
  const named = new Set(
    changes.filter((c) => c.path.startsWith('packages.')).map((c) => c.path.slice('packages.'.length)),
  )
  const refreshes = changes.some((c) => c.path === 'package lists')
  // New lists may know newer versions of what was the latest one.
  const wanted = a.name.filter(
    (one) =>
      one !== '*' &&
      (named.has(splitVersion(one, state.backend.name).name) || (refreshes && a.state === 'latest' && !a.only_upgrade)),
  )
  const refresh = refreshes || (a.update_cache && a.cache_valid_time === 0)
  const act: PackageAct = {
    install: present(a) ? wanted : [],
    remove: present(a) ? [] : wanted,
    purge: a.purge,
    autoremove: a.autoremove,
    upgrade: upgradeOf(a),
    updateCache: refresh || (present(a) && wanted.length > 0 && state.cacheAge === -1),
    recommends: a.install_recommends,
    onlyUpgrade: a.only_upgrade,
    options: [],
    lockTimeout: a.lock_timeout,
  }
  if (wanted.length > 0)
    host.progress(`${state.backend.name}: ${wanted.slice(0, 6).join(' ')}${wanted.length > 6 ? ' …' : ''}`)
  const done = await host.run(state.backend.act(act), { shielded: true })
  const [stdout, stderr] = [done.stdout.toString(), done.stderr.toString()]
  if (done.status !== 0) {
    throw new ModuleFailure(`${state.backend.name} failed: ${reason(`${stdout}\n${stderr}`)}`, {
      result: { rc: done.status, stdout, stderr },
      ...hintFor(`${stdout}\n${stderr}`),
    })
  }
  return { stdout, stdout_lines: stdout.split('\n'), stderr, ...(act.updateCache && { cache_updated: true }) }
}

/** The lines that say why, and not the hundred before them. */
function reason(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const errors = lines.filter((line) =>
    /^(E:|Error|error:|dpkg: error)|No match for argument|nothing provides/.test(line),
  )
  return (errors.length > 0 ? errors : lines.slice(-3)).slice(0, 5).join('; ')
}

function hintFor(output: string): { hint?: string } {
  if (/Unable to locate package|No match for argument|No provider of/.test(output))
    return { hint: 'check the name, or use update_cache: true' }
  if (/No space left on device/.test(output))
    return { hint: 'the disk is full: free some space, and run dpkg --configure -a if it was cut' }
  if (/Could not get lock|is another process using it/.test(output))
    return { hint: 'another package run is under way; raise lock_timeout' }
  if (/dpkg was interrupted/.test(output)) return { hint: 'run dpkg --configure -a on the host' }
  return {}
}

export const resultPackages = (state: PackagesState): JsonObject => ({
  ...(state.cacheAge !== undefined && { cache_updated: false }),
})

export const whyPackages = (state: PackagesState, a: PackageArgs): string =>
  a.name
    .map((one) => `${one} ${state.packages.get(splitVersion(one, state.backend.name).name)?.installed ?? 'absent'}`)
    .join(', ') || 'lists are fresh'

/** What package, apt and dnf share; without a package manager it is found on the host. */
export const packageModule = (fixed?: PackageBackend) => ({
  local: true,
  shielded: true,
  probe: (host: Reader, a: PackageArgs) => probePackages(host, a, fixed),
  diff: diffPackages,
  apply: applyPackages,
  result: resultPackages,
  why: whyPackages,
})

/** dnf fetches lists when it looks, where the task refreshes them. */
export const fetches = (a: PackageArgs): boolean => a.update_cache
