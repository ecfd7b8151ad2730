import type { Become, Endpoint } from '../../connection/types.ts'
import type { Json } from '../../events/json.ts'
import { becomeOf, endpointOf } from '../../inventory/index.ts'
import { resolveAsync, type Scope, toJson, type Value } from '../../language/index.ts'
import type { BecomeDefaults, ConnectionDefaults } from '../request.ts'

/** Variables that say how a host is reached, and as whom. */
const CONNECTION = [
  ...[
    'connection',
    'host',
    'port',
    'user',
    'password',
    'timeout',
    'remote_tmp',
    'shell_executable',
    'private_key_file',
  ],
  ...['private_key_passphrase', 'host_key_checking', 'ssh_host', 'ssh_port', 'ssh_user', 'ssh_password', 'ssh_pass'],
  ...['ssh_args', 'ssh_common_args', 'ssh_extra_args', 'ssh_private_key_file', 'ssh_private_key_passphrase'],
  ...['ssh_retries', 'ssh_timeout', 'ssh_host_key_checking'],
].map((name) => `ansible_${name}`)
const OURS = ['virtfleet_host_key', 'virtfleet_host_keys', 'virtfleet_host_key_policy']
const BECOME = [
  ...['become', 'become_user', 'become_method', 'become_flags', 'become_exe', 'become_password', 'become_pass'],
  ...['sudo', 'su', 'doas'].flatMap((method) =>
    ['user', 'exe', 'flags', 'password', 'pass'].map((what) => `${method}_${what}`),
  ),
].map((name) => `ansible_${name}`)

type Settings = Record<string, Json>

/** Those of the variables that are defined, resolved. */
async function read(names: readonly string[], scope: Scope): Promise<Settings> {
  const found: Settings = {}
  for (const name of names) {
    const value = scope.get(name)
    if (value !== undefined && value !== null) found[name] = toJson(await resolveAsync(value, scope))
  }
  return found
}

async function keyword(value: Value | undefined, scope: Scope): Promise<Json | undefined> {
  return value === undefined || value === null ? undefined : toJson(await resolveAsync(value, scope))
}

function defined(values: Record<string, Json | undefined>): Settings {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Settings
}

export interface ConnectionKeywords {
  readonly connection?: Value | undefined
  readonly remoteUser?: Value | undefined
  readonly port?: Value | undefined
}

/** How to reach a host: its variables, then keywords of the task, then the command line. DiagnosticError for what is wrong. */
export async function accessOf(
  name: string,
  scope: Scope,
  keywords: ConnectionKeywords,
  defaults: ConnectionDefaults,
): Promise<Endpoint> {
  const line = defined({
    ansible_user: defaults.user,
    ansible_password: defaults.password,
    ansible_ssh_private_key_file: defaults.privateKeyFile,
    ansible_connection: defaults.transport,
    ansible_ssh_timeout: defaults.timeoutMs === undefined ? undefined : defaults.timeoutMs / 1000,
    ansible_ssh_common_args: defaults.sshArgs?.join(' '),
    virtfleet_host_key_policy: defaults.hostKeyPolicy,
  })
  const task = defined({
    ansible_connection: await keyword(keywords.connection, scope),
    ansible_user: await keyword(keywords.remoteUser, scope),
    ansible_port: await keyword(keywords.port, scope),
  })
  return endpointOf(name, { ...line, ...task, ...(await read([...CONNECTION, ...OURS], scope)) })
}

export interface BecomeKeywords {
  readonly become?: Value | undefined
  readonly becomeUser?: Value | undefined
  readonly becomeMethod?: Value | undefined
  readonly becomeFlags?: Value | undefined
  readonly becomeExe?: Value | undefined
}

/** As whom a task runs, by the same order; undefined: the login user. */
export async function escalationOf(
  name: string,
  scope: Scope,
  keywords: BecomeKeywords,
  defaults: BecomeDefaults,
): Promise<Become | undefined> {
  return becomeOf(name, await read(BECOME, scope), {
    become: (await keyword(keywords.become, scope)) ?? defaults.enabled,
    user: (await keyword(keywords.becomeUser, scope)) ?? defaults.user,
    method: (await keyword(keywords.becomeMethod, scope)) ?? defaults.method,
    flags: await keyword(keywords.becomeFlags, scope),
    exe: await keyword(keywords.becomeExe, scope),
    password: defaults.password,
  })
}
