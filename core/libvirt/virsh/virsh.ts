import type { CommandOptions } from '../../connection/types.ts'
import { type DomainSummary, type Libvirt, LibvirtError, type LibvirtVersions } from '../types.ts'
import { type RunScript, VirshBatch } from './batch.ts'
import { stateOf } from './states.ts'
import { domainStates, leaseRows, lines, stateRows, uuidNames, volumeRows } from './tables.ts'
import { ambiguous, virshCommand } from './words.ts'

/** A definition that does not exist is undefined, not an error: no domain, network, pool, volume. */
const ABSENT = new Set([42, 43, 49, 50])

/**
 * libvirt by virsh on the host. `read` and `run` run a script there; all reads of one tick leave as one script, as do all
 * writes. Names that virsh would take for an id or a UUID are resolved first.
 */
export function createVirsh(options: { uri: string; read: RunScript; run: RunScript }): Libvirt {
  const batch = new VirshBatch(options.uri, options.read, options.run)
  const ask = (...argv: string[]) => batch.call({ command: virshCommand(argv) }, false)
  const change = (argv: readonly string[], xml?: string, limits?: CommandOptions) =>
    batch.call({ command: virshCommand(argv), ...(xml === undefined ? {} : { xml }) }, true, limits)

  async function maybe(output: Promise<string>): Promise<string | undefined> {
    try {
      return await output
    } catch (error) {
      if (error instanceof LibvirtError && error.code !== undefined && ABSENT.has(error.code)) return undefined
      throw error
    }
  }

  async function domains(): Promise<DomainSummary[]> {
    const [list, autostart, persistent, saved, stats] = await Promise.all([
      ask('list', '--all', '--uuid', '--name'),
      ask('list', '--all', '--autostart', '--uuid'),
      ask('list', '--all', '--persistent', '--uuid'),
      ask('list', '--all', '--with-managed-save', '--uuid'),
      ask('domstats', '--raw', '--state'),
    ])
    const states = domainStates(stats)
    const [auto, kept, save] = [autostart, persistent, saved].map((output) => new Set(lines(output).map(trim)))
    return uuidNames(list).map(({ uuid, name }) => {
      const numbers = states.get(name) ?? { state: 0, reason: 0 }
      return {
        name,
        uuid,
        ...stateOf(numbers.state, numbers.reason),
        persistent: kept?.has(uuid) ?? false,
        autostart: auto?.has(uuid) ?? false,
        managedSave: save?.has(uuid) ?? false,
      }
    })
  }

  async function domainRef(name: string): Promise<string> {
    if (!ambiguous(name)) return name
    const found = (await domains()).find((d) => d.name === name)
    if (!found && /^\d+$/.test(name)) throw new LibvirtError(`failed to get domain '${name}'`, 42)
    return found?.uuid ?? name
  }

  const onDomain = async (name: string, command: string, ...rest: string[]): Promise<void> => {
    const ref = ambiguous(name) ? await domainRef(name) : name
    await change([command, `--domain=${ref}`, ...rest])
  }

  return {
    available: () => available(Promise.allSettled([ask('uri'), ask('version')])),
    domains,
    async domainXml(name, { inactive, migratable, secure } = {}) {
      const flags = [inactive && '--inactive', migratable && '--migratable', secure && '--security-info']
      if (!ambiguous(name)) return await maybe(ask('dumpxml', `--domain=${name}`, ...flags.filter(isText)))
      const found = (await domains()).find((d) => d.name === name)
      return found && (await maybe(ask('dumpxml', `--domain=${found.uuid}`, ...flags.filter(isText))))
    },
    async networks() {
      const [table, uuids] = await Promise.all([ask('net-list', '--all'), ask('net-list', '--all', '--uuid')])
      const ids = lines(uuids).map(trim)
      return stateRows(table).map(({ name, active, flags }, i) => ({
        name,
        uuid: ids[i] ?? '',
        active,
        autostart: flags[0] ?? false,
        persistent: flags[1] ?? false,
      }))
    },
    networkXml: (name, { inactive } = {}) =>
      maybe(ask('net-dumpxml', `--network=${name}`, ...(inactive ? ['--inactive'] : []))),
    leases: async (network) => leaseRows(await ask('net-dhcp-leases', `--network=${network}`)),
    async pools() {
      const [table, uuids, persistent] = await Promise.all([
        ask('pool-list', '--all'),
        ask('pool-list', '--all', '--uuid'),
        ask('pool-list', '--all', '--persistent', '--uuid'),
      ])
      const ids = lines(uuids).map(trim)
      const kept = new Set(lines(persistent).map(trim))
      return stateRows(table).map(({ name, active, flags }, i) => ({
        name,
        uuid: ids[i] ?? '',
        active,
        autostart: flags[0] ?? false,
        persistent: kept.has(ids[i] ?? ''),
      }))
    },
    poolXml: (name, { inactive } = {}) =>
      maybe(ask('pool-dumpxml', `--pool=${name}`, ...(inactive ? ['--inactive'] : []))),
    volumes: async (pool) => volumeRows(await ask('vol-list', `--pool=${pool}`)),
    volumeXml: (pool, name) => maybe(ask('vol-dumpxml', `--pool=${pool}`, `--vol=${name}`)),
    capabilities: () => ask('capabilities'),
    query: (argv, { xml } = {}) =>
      batch.call({ command: virshCommand(argv), ...(xml === undefined ? {} : { xml }) }, false),

    defineDomain: async (xml) => void (await change(['define', '--validate'], xml)),
    startDomain: (name, { paused } = {}) => onDomain(name, 'start', ...(paused ? ['--paused'] : [])),
    shutdownDomain: (name) => onDomain(name, 'shutdown'),
    destroyDomain: (name) => onDomain(name, 'destroy'),
    undefineDomain: (name, flags) => onDomain(name, 'undefine', ...flags),
    async setAutostart(kind, name, on) {
      const off = on ? [] : ['--disable']
      if (kind === 'domain') await onDomain(name, 'autostart', ...off)
      else if (kind === 'network') await change(['net-autostart', `--network=${name}`, ...off])
      else await change(['pool-autostart', `--pool=${name}`, ...off])
    },
    defineNetwork: async (xml) => void (await change(['net-define'], xml)),
    definePool: async (xml) => void (await change(['pool-define'], xml)),
    command: (argv, { xml, timeoutMs, signal } = {}) => {
      const limits = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(signal ? { signal } : {}) }
      return change(argv, xml, Object.keys(limits).length > 0 ? limits : undefined)
    },
  }
}

/**
 * Tells why no daemon answers: `not installed`, `not running`, `permission denied`, or the error's text. A daemon without
 * an emulator answers, and has no versions to tell.
 */
async function available(
  answers: Promise<[PromiseSettledResult<string>, PromiseSettledResult<string>]>,
): Promise<{ ok: true; versions: LibvirtVersions } | { ok: false; reason: string }> {
  const [uri, version] = await answers
  if (uri.status === 'rejected') {
    if (!(uri.reason instanceof LibvirtError)) throw uri.reason
    return { ok: false, reason: reasonOf(uri.reason.message) }
  }
  const text = version.status === 'fulfilled' ? version.value : ''
  const library = /Using library: libvirt (\S+)/.exec(text)?.[1] ?? ''
  return { ok: true, versions: { library, hypervisor: /Running hypervisor: \S+ (\S+)/.exec(text)?.[1] } }
}

function reasonOf(text: string): string {
  if (text.includes('virsh is not installed')) return 'not installed'
  if (/no connection driver available|not built in|driver .* is not available/.test(text)) return 'not installed'
  if (/No such file or directory|Connection refused/.test(text) && /socket/.test(text)) return 'not running'
  if (/Permission denied|authentication (?:unavailable|failed|cancelled)/.test(text)) return 'permission denied'
  return text
}

const trim = (line: string): string => line.trim()
const isText = (flag: string | false | undefined): flag is string => typeof flag === 'string'
