import type { Endpoint } from '../../connection/types.ts'
import { errorAt, DiagnosticError } from '../../language/diagnostic.ts'
import { resolveAsync, str, toJson, truth, type Scope, type Value } from '../../language/index.ts'
import type { ConnectionDefaults } from '../request.ts'

/** Keywords of a task or play that say how to connect; variables of the host win over them. */
export interface ConnectionKeywords {
  readonly connection?: Value | undefined
  readonly remoteUser?: Value | undefined
  readonly port?: Value | undefined
}

const LOCAL = new Set(['local', 'ansible.builtin.local'])
const OPENSSH = new Set(['openssh'])
const SSH = new Set(['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ssh2', 'ansible.builtin.ssh'])

/**
 * How to reach a host, from its variables under Ansible's names, the keywords and the command line. Besides Ansible's:
 * `virtfleet_host_keys` (keys pinned in the inventory) and `virtfleet_host_key_policy`.
 */
export async function endpointOf(
  name: string,
  scope: Scope,
  keywords: ConnectionKeywords,
  defaults: ConnectionDefaults,
): Promise<Endpoint> {
  const read = async (...names: string[]): Promise<Value | undefined> => {
    for (const one of names) {
      const value = scope.get(one)
      if (value !== undefined) return resolveAsync(value, scope)
    }
    return undefined
  }
  const text = async (value: Value | undefined): Promise<string | undefined> =>
    value === undefined || value === null ? undefined : str(await resolveAsync(value, scope))
  const transport = transportOf(name, (await text(await read('ansible_connection'))) ?? (await text(keywords.connection)), defaults)
  const port = (await text(await read('ansible_port', 'ansible_ssh_port'))) ?? (await text(keywords.port))
  const pinned = await read('virtfleet_host_keys', 'ansible_host_keys')
  const policy = (await text(await read('virtfleet_host_key_policy'))) ?? (await checkingPolicy(read))
  const proxyJump = await text(await read('ansible_ssh_proxy_jump'))
  const sshArgs = [
    ...(defaults.sshArgs ?? []),
    ...words(await text(await read('ansible_ssh_common_args'))),
    ...words(await text(await read('ansible_ssh_extra_args'))),
  ]
  const timeout = await text(await read('ansible_ssh_timeout', 'ansible_timeout', 'ansible_connect_timeout'))
  const retries = await text(await read('ansible_ssh_retries'))
  return {
    name,
    transport,
    address: (await text(await read('ansible_host', 'ansible_ssh_host'))) ?? name,
    ...defined({
      port: port === undefined ? undefined : Number(port),
      user: (await text(await read('ansible_user', 'ansible_ssh_user'))) ?? (await text(keywords.remoteUser)) ?? defaults.user,
      password: (await text(await read('ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'))) ?? defaults.password,
      privateKeyFile:
        (await text(await read('ansible_private_key_file', 'ansible_ssh_private_key_file'))) ?? defaults.privateKeyFile,
      privateKeyPassphrase: await text(await read('ansible_ssh_private_key_passphrase', 'ansible_private_key_passphrase')),
      proxyJump,
      sshArgs: sshArgs.length > 0 ? sshArgs : undefined,
      connectTimeoutMs: timeout === undefined ? defaults.timeoutMs : Number(timeout) * 1000,
      retries: retries === undefined ? undefined : Number(retries),
      remoteTmp: await text(await read('ansible_remote_tmp')),
      shellPath: await text(await read('virtfleet_shell')),
    }),
    hostKeys: {
      policy: policyOf(policy) ?? defaults.hostKeyPolicy ?? 'strict',
      ...(pinned !== undefined && pinned !== null && { pinned: [toJson(pinned)].flat().map(String) }),
    },
  }
}

function transportOf(name: string, wanted: string | undefined, defaults: ConnectionDefaults): Endpoint['transport'] {
  const connection = wanted ?? (name === 'localhost' ? 'local' : defaults.transport) ?? 'ssh'
  if (LOCAL.has(connection)) return 'local'
  if (OPENSSH.has(connection)) return 'openssh'
  if (SSH.has(connection)) return 'ssh'
  const hint = 'use ssh, openssh or local'
  throw new DiagnosticError([errorAt('unknown-connection', `'${connection}' is not a kind of connection`, undefined, hint)])
}

async function checkingPolicy(read: (...names: string[]) => Promise<Value | undefined>): Promise<string | undefined> {
  const checking = await read('ansible_ssh_host_key_checking', 'ansible_host_key_checking')
  return checking === undefined || truth(checking) ? undefined : 'off'
}

function policyOf(text: string | undefined): Endpoint['hostKeys']['policy'] | undefined {
  return text === 'strict' || text === 'accept-new' || text === 'off' ? text : undefined
}

const words = (text: string | undefined): string[] => (text === undefined ? [] : text.split(/\s+/).filter(Boolean))

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
}
