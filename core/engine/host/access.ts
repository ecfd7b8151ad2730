import type { Become, Endpoint } from '../../connection/types.ts'
import type { Json } from '../../events/json.ts'
import { becomeOf, endpointOf } from '../../inventory/index.ts'
import { resolveAsync, type Scope, toJson, type Value } from '../../language/index.ts'
import type { Run } from '../run-state.ts'
import { flagOf, keywordValue } from '../task/keywords.ts'
import type { LayeredScope } from '../variables/scope.ts'

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

const NAMES: ReadonlySet<string> = new Set([...CONNECTION, ...OURS, ...BECOME])

/** How a host is reached for a task, and as whom. */
export interface Access {
  readonly endpoint: Endpoint
  /** Undefined: the login user. */
  readonly become: Become | undefined
  /** Tells shells apart: the same host, reached in the same way, as the same user. */
  readonly shell: string
}

/** What it was made of: as long as that is the same, so is the access. */
export interface KnownAccess extends Access {
  readonly variables: Settings
  readonly keywords: Resolved
}

export interface AccessKeywords {
  readonly connection?: Value | undefined
  readonly remoteUser?: Value | undefined
  readonly port?: Value | undefined
  readonly become?: Value | undefined
  readonly becomeUser?: Value | undefined
  readonly becomeMethod?: Value | undefined
  readonly becomeFlags?: Value | undefined
  readonly becomeExe?: Value | undefined
}

/** How the host was reached last, where that holds for the task too and nothing has to be evaluated to tell. */
export function knownAccess(run: Run, name: string, scope: LayeredScope, task: AccessKeywords): Access | undefined {
  const { access } = run.hosts.of(name)
  if (!access) return undefined
  const variables = plain(variablesIn(scope))
  const keywords = plain(keywordsOf(task))
  return variables && keywords && holds(access, variables, keywords) ? access : undefined
}

/** The host's variables, then keywords of the task, then the command line. DiagnosticError for what is wrong. */
export async function accessOf(run: Run, name: string, scope: LayeredScope, task: AccessKeywords): Promise<Access> {
  const variables = await resolved(variablesIn(scope), scope)
  const keywords: Resolved = await keywordsIn(task, scope)
  const record = run.hosts.of(name)
  if (record.access && holds(record.access, variables, keywords)) return record.access
  const endpoint = endpointOf(name, { ...lineOf(run), ...connectionKeywords(keywords), ...variables })
  const become = escalationOf(run, name, variables, keywords)
  if (become?.password !== undefined) run.request.redactor.add(become.password)
  const access = { variables, keywords, endpoint, become, shell: JSON.stringify([endpoint, become]) }
  record.access = access
  return access
}

type Settings = Record<string, Json>
type Resolved = { -readonly [K in keyof AccessKeywords]?: Json }

type Given = Record<string, Value>

/** Those of the variables that are defined. */
function variablesIn(scope: LayeredScope): Given {
  const found: Given = {}
  for (const name of definedIn(scope)) {
    const value = scope.get(name)
    if (value !== undefined && value !== null) found[name] = value
  }
  return found
}

function keywordsOf(task: AccessKeywords): Given {
  const found: Given = {}
  for (const key of KEYWORDS) {
    const value = task[key]
    if (value !== undefined && value !== null) found[key] = value
  }
  return found
}

/** Undefined where there is more than texts and the like. */
function plain(given: Given): Settings | undefined {
  for (const name in given) if (typeof given[name] === 'object' || typeof given[name] === 'bigint') return undefined
  return given as Settings
}

async function keywordsIn(task: AccessKeywords, scope: Scope): Promise<Resolved> {
  const found: Resolved = {}
  for (const key of KEYWORDS) {
    const read = key === 'become' ? flagOf(task.become, scope, 'become') : keywordValue(task[key], scope)
    const value = await read
    if (value !== undefined) found[key] = toJson(value)
  }
  return found
}

/** Without what is `omit`. */
async function resolved(given: Given, scope: Scope): Promise<Settings> {
  const found: Settings = {}
  for (const [name, value] of Object.entries(given)) {
    const json = toJson(await resolveAsync(value, scope))
    if (typeof json !== 'string' || json !== scope.get('omit')) found[name] = json
  }
  return found
}

const holds = (access: KnownAccess, variables: Settings, keywords: Resolved): boolean =>
  isSame(access.variables, variables) && isSame(access.keywords, keywords)

function isSame(a: Settings, b: Settings): boolean {
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => a[name] === b[name] || JSON.stringify(a[name]) === JSON.stringify(b[name]))
}

const NO_NAMES: readonly string[] = []
const seen = new WeakMap<object, { readonly size: number; readonly names: readonly string[] }>()

/** Few variables of many are about access: which, is remembered for each layer as long as it does not grow. */
function definedIn(scope: LayeredScope): Iterable<string> {
  let names: Set<string> | undefined
  for (const layer of scope.layers) {
    const base = layer.base ?? layer
    if (!(base instanceof Map)) continue
    let known = seen.get(base)
    if (!known || known.size !== base.size) {
      known = { size: base.size, names: [...base.keys()].filter((name) => NAMES.has(name)) }
      seen.set(base, known)
    }
    if (known.names.length === 0) continue
    names ??= new Set()
    for (const name of known.names) names.add(name)
  }
  return names ?? NO_NAMES
}

const KEYWORDS = [
  ...(['connection', 'remoteUser', 'port', 'become', 'becomeUser'] as const),
  ...(['becomeMethod', 'becomeFlags', 'becomeExe'] as const),
]

function connectionKeywords({ connection, remoteUser, port }: Resolved): Settings {
  return defined({ ansible_connection: connection, ansible_user: remoteUser, ansible_port: port })
}

/** What the command line says. */
function lineOf({ request }: Run): Settings {
  const given = request.connection ?? {}
  return defined({
    ansible_user: given.user,
    ansible_password: given.password,
    ansible_ssh_private_key_file: given.privateKeyFile,
    ansible_connection: given.transport,
    ansible_ssh_timeout: given.timeoutMs === undefined ? undefined : given.timeoutMs / 1000,
    ansible_ssh_common_args: given.sshArgs?.join(' '),
    virtfleet_host_key_policy: given.hostKeyPolicy,
  })
}

function escalationOf({ request }: Run, name: string, variables: Settings, keywords: Resolved): Become | undefined {
  const given = request.become ?? {}
  return becomeOf(name, variables, {
    become: keywords.become ?? given.enabled,
    user: keywords.becomeUser ?? given.user,
    method: keywords.becomeMethod ?? given.method,
    flags: keywords.becomeFlags,
    exe: keywords.becomeExe,
    password: given.password,
  })
}

function defined(values: Record<string, Json | undefined>): Settings {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Settings
}
