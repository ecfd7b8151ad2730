import { createHash } from 'node:crypto'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import { dumpYaml } from '../../../core/language/filters/yaml/dump.ts'
import { fromJson } from '../../../core/language/index.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import type { CloudInitArgs, UserArgs } from './cloud-args.ts'
import type { SeedFile } from './image.ts'

/*
 * The files of a NoCloud seed (cloud-init's documentation, "NoCloud"): user-data, meta-data, network-config, vendor-data.
 */

type CloudContent = Pick<
  CloudInitArgs,
  | 'hostname'
  | 'instance_id'
  | 'user_data'
  | 'meta_data'
  | 'network_config'
  | 'vendor_data'
  | 'users'
  | 'ssh_authorized_keys'
>

/** What the first line of a user-data text may be (cloud-init's documentation, "User-data formats"). */
const FORMATS =
  /^(?:#cloud-config(?:-archive|-jsonp)?[ \t]*\r?$|#!|#include(?:-once)?[ \t]*\r?$|#cloud-boothook|#part-handler|#upstart-job|## template: ?jinja|content-type:|mime-version:|from )/im
const LABEL = 'cidata'

/** Label of the volume, and its files; raises ModuleFailure for what cloud-init would not take. */
export function cloudFiles(a: CloudContent): { label: string; instanceId: string; files: SeedFile[] } {
  const texts: [string, string][] = [['user-data', userData(a)]]
  const vendor = configText('vendor_data', a.vendor_data)
  if (vendor !== undefined) texts.push(['vendor-data', vendor])
  const network = networkConfig(a.network_config)
  if (network !== undefined) texts.push(['network-config', network])
  const { text, instanceId } = metaData(a, texts)
  texts.push(['meta-data', text])
  return { label: LABEL, instanceId, files: texts.map(([name, one]) => ({ name, content: Buffer.from(one) })) }
}

function userData(a: CloudContent): string {
  const shortcuts = a.users.length > 0 || a.ssh_authorized_keys.length > 0
  if (typeof a.user_data === 'string' && shortcuts)
    throw new ModuleFailure('users and ssh_authorized_keys cannot be put into a user_data that is a text', {
      hint: 'give user_data as a mapping, or have the users in it',
    })
  if (!shortcuts && a.user_data !== undefined) return configText('user_data', a.user_data) ?? ''
  const given = (a.user_data ?? {}) as Json
  if (!isMapping(given)) throw notMapping('user_data')
  for (const [name, list] of [
    ['users', a.users],
    ['ssh_authorized_keys', a.ssh_authorized_keys],
  ] as const)
    if (list.length > 0 && name in given)
      throw new ModuleFailure(`${name} is an argument, and in user_data`, { hint: 'give it once' })
  return cloudConfig({
    ...given,
    ...(a.users.length > 0 && { users: ['default', ...a.users.map(userEntry)] }),
    ...(a.ssh_authorized_keys.length > 0 && { ssh_authorized_keys: [...a.ssh_authorized_keys] }),
  })
}

function userEntry(user: UserArgs): JsonObject {
  return {
    name: user.name,
    shell: user.shell,
    lock_passwd: user.lock_passwd ?? user.passwd === undefined,
    ...(user.gecos !== undefined && { gecos: user.gecos }),
    ...(user.groups.length > 0 && { groups: user.groups.join(',') }),
    ...(user.sudo !== undefined && { sudo: user.sudo }),
    ...(user.passwd !== undefined && { passwd: user.passwd }),
    ...(user.ssh_authorized_keys.length > 0 && { ssh_authorized_keys: [...user.ssh_authorized_keys] }),
  }
}

/** user-data or vendor-data: a mapping, or a text whose first line says what it is. */
function configText(what: string, value: Json | undefined): string | undefined {
  if (value === undefined) return undefined
  if (isMapping(value)) return cloudConfig(value)
  if (typeof value !== 'string') throw notMapping(what)
  const first = value.split('\n', 1)[0] ?? ''
  if (FORMATS.test(first)) return value
  const almost = /^\s*#\s*cloud[-_ ]?config/i.test(first)
  throw new ModuleFailure(`cloud-init does not know what ${what} is: its first line says nothing that it knows`, {
    hint: almost ? 'the first line must be exactly #cloud-config' : 'begin it with #cloud-config, or #! for a script',
  })
}

function networkConfig(value: Json | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  if (!isMapping(value)) throw notMapping('network_config')
  const { version } = isMapping(value.network) ? value.network : value
  if (version !== 1 && version !== 2)
    throw new ModuleFailure('network_config has no version', { hint: 'version: 2 is the format of netplan' })
  return yaml(value)
}

/** The instance id stands for the content, so that cloud-init takes a changed seed for a new instance. */
function metaData(
  a: CloudContent,
  others: readonly (readonly [string, string])[],
): { text: string; instanceId: string } {
  const given = a.meta_data ?? {}
  if (typeof given === 'string') {
    if (a.hostname === undefined && a.instance_id === undefined)
      return { text: given, instanceId: /^instance-id:\s*(\S+)\s*$/m.exec(given)?.[1] ?? '' }
    throw new ModuleFailure('hostname and instance_id cannot be put into a meta_data that is a text', {
      hint: 'give meta_data as a mapping, or have them in it',
    })
  }
  if (!isMapping(given)) throw notMapping('meta_data')
  const rest = { ...given, ...(a.hostname !== undefined && { 'local-hostname': a.hostname }) }
  const own = given['instance-id']
  if (a.instance_id !== undefined && own !== undefined)
    throw new ModuleFailure('instance_id is an argument, and in meta_data', { hint: 'give it once' })
  const digest = createHash('sha256')
    .update(JSON.stringify([rest, [...others].sort()]))
    .digest('hex')
  const instanceId =
    a.instance_id ?? (typeof own === 'string' || typeof own === 'number' ? String(own) : `iid-${digest.slice(0, 16)}`)
  return { text: yaml({ ...rest, 'instance-id': instanceId }), instanceId }
}

const isMapping = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const notMapping = (what: string): ModuleFailure => new ModuleFailure(`${what} is neither a mapping nor a text`)

const cloudConfig = (value: JsonObject): string => `#cloud-config\n${yaml(value)}`

const yaml = (value: JsonObject): string =>
  dumpYaml(fromJson(value), { indent: 2, flow: false, sortKeys: true, width: 10_000, explicitStart: false })
