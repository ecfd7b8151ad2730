import { ConnectionError } from '../errors.ts'
import type { Endpoint, HostKeyRules } from '../types.ts'
import { type SshEnvironment, sshEnvironment } from './environment.ts'
import { expandHome, expandPath, expandTokens, type Tokens } from './expand.ts'
import { authentications, identities, unsupported } from './identity-options.ts'
import { parseProxyJump } from './jump.ts'
import { type SshOptions, sshOptions } from './options.ts'
import { refuseShellSyntax } from './proxy-tokens.ts'
import type { ResolvedEndpoint } from './resolved.ts'
import { optionsOfArguments } from './ssh-arguments.ts'
import { timeOf } from './time.ts'

/** Attempts take this long unless told, as Endpoint says. */
const CONNECT_TIMEOUT_MS = 10_000
/** A peer is dead after three of these without an answer, unless ServerAliveInterval says otherwise. */
const ALIVE_INTERVAL_MS = 15_000

/**
 * Completes an endpoint from ~/.ssh/config (unless useSshConfig is false) and ssh's defaults; what the inventory says
 * wins. Raises ConnectionError `config` for files and values that cannot be used.
 */
export function resolveEndpoint(
  endpoint: Endpoint,
  environment: SshEnvironment = sshEnvironment(),
): Promise<ResolvedEndpoint> {
  return resolve(endpoint, environment, [])
}

async function resolve(
  endpoint: Endpoint,
  environment: SshEnvironment,
  above: readonly string[],
): Promise<ResolvedEndpoint> {
  const { name, address } = endpoint
  const wrong = (message: string, hint?: string, cause?: unknown) =>
    new ConnectionError('config', name, message, hint, cause)
  if (address === '' || /^-|[\s\0]/.test(address)) throw wrong(`${JSON.stringify(address)} is not an address`)
  const given = optionsOfArguments(endpoint.sshArgs ?? [])
  const options = await optionsOf(endpoint, given, environment).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw wrong(`the ssh configuration cannot be used for ${address}: ${why}`, undefined, cause)
  })
  const first = (keyword: string) => options.get(keyword)?.[0]
  const alias = address.toLowerCase()
  const host = (first('hostname') ?? alias).replaceAll('%h', alias).replaceAll('%%', '%').toLowerCase()
  const port = endpoint.port ?? numberOf(first('port')) ?? 22
  const user = endpoint.user ?? first('user') ?? environment.login
  const hostKeyAlias = notNone(first('hostkeyalias'))
  const tokens: Tokens = { host, alias: address, port, user, ...(hostKeyAlias !== undefined && { hostKeyAlias }) }
  try {
    const notes: string[] = []
    const path = (text: string) => expandPath(text, tokens, environment)
    const proxy = await proxyOf(endpoint, options, tokens, environment, above)
    const timeout = timeOf(first('connecttimeout'))
    return {
      name,
      host,
      port,
      user,
      ...(endpoint.password !== undefined && { password: endpoint.password }),
      ...(endpoint.privateKeyPassphrase !== undefined && { privateKeyPassphrase: endpoint.privateKeyPassphrase }),
      ...(endpoint.privateKeyFile !== undefined && {
        privateKeyFile: expandHome(endpoint.privateKeyFile, environment),
      }),
      ...identities(options, path, environment),
      authentications: authentications(options),
      ...proxy,
      hostKeys: hostKeysOf(endpoint.hostKeys, options, given, path, environment, notes),
      globalKnownHostsFiles: endpoint.hostKeys.files
        ? []
        : pathsOf(first('globalknownhostsfile') ?? '/etc/ssh/ssh_known_hosts', path),
      ...(hostKeyAlias !== undefined && { hostKeyAlias }),
      hashKnownHosts: first('hashknownhosts') === 'yes',
      ...(notNone(first('bindaddress')) !== undefined && { bindAddress: first('bindaddress')! }),
      connectTimeoutMs: endpoint.connectTimeoutMs ?? (timeout || CONNECT_TIMEOUT_MS),
      serverAliveIntervalMs: aliveInterval(given, first('serveraliveinterval')),
      serverAliveCountMax: numberOf(first('serveralivecountmax')) ?? 3,
      unsupported: unsupported(options),
      notes,
    }
  } catch (error) {
    if (error instanceof RangeError) throw wrong(error.message)
    throw error
  }
}

function optionsOf(endpoint: Endpoint, given: [string, string][], environment: SshEnvironment): Promise<SshOptions> {
  if (endpoint.useSshConfig === false)
    return Promise.resolve(new Map(given.toReversed().map(([keyword, value]) => [keyword, [value]])))
  const { address: alias, user, port } = endpoint
  const query = { alias, ...(user !== undefined && { user }), ...(port !== undefined && { port }), options: given }
  return sshOptions(query, environment)
}

type Proxy = Pick<ResolvedEndpoint, 'proxyJump' | 'proxyCommand'>

async function proxyOf(
  endpoint: Endpoint,
  options: SshOptions,
  tokens: Tokens,
  environment: SshEnvironment,
  above: readonly string[],
): Promise<Proxy> {
  const direct = { proxyJump: [] }
  const inventory = endpoint.proxyJump !== undefined || endpoint.proxyCommand !== undefined
  const jump = inventory ? endpoint.proxyJump : notNone(options.get('proxyjump')?.[0])
  const command = inventory ? endpoint.proxyCommand : notNone(options.get('proxycommand')?.[0])
  // As ssh has it: a section that fits the bastion too does not send it through itself.
  if (jump !== undefined && !inventory && jump.replace(/^.*@/, '') === placeOf(endpoint)) return direct
  if (jump !== undefined) return { proxyJump: await bastions(endpoint, jump, environment, above) }
  if (command === undefined || command === 'none') return direct
  refuseShellSyntax(endpoint.name, command, tokens)
  return { ...direct, proxyCommand: expandTokens(command, tokens, environment) }
}

/** The first bastion may have a way of its own; to the others the way is said here (ssh -J). */
async function bastions(
  endpoint: Endpoint,
  text: string,
  environment: SshEnvironment,
  above: readonly string[],
): Promise<ResolvedEndpoint[]> {
  const jumps = parseProxyJump(text)
  if (!jumps)
    throw new ConnectionError(
      'config',
      endpoint.name,
      `${JSON.stringify(text)} is not a ProxyJump`,
      'write user@host:port,second',
    )
  const chain: ResolvedEndpoint[] = []
  const path = [...above, placeOf(endpoint)]
  for (const [index, jump] of jumps.entries()) {
    const place = placeOf(jump)
    if (path.includes(place)) {
      const loop = [...path, place].join(' → ')
      throw new ConnectionError('config', endpoint.name, `ProxyJump goes in a circle: ${loop}`)
    }
    const { files, policy } = endpoint.hostKeys
    const bastion = await resolve(
      {
        ...jump,
        name: jump.address,
        transport: 'ssh',
        hostKeys: { policy, ...(files && { files }) },
        ...(index > 0 && { proxyJump: 'none' }),
        ...(endpoint.useSshConfig !== undefined && { useSshConfig: endpoint.useSshConfig }),
        ...(endpoint.connectTimeoutMs !== undefined && { connectTimeoutMs: endpoint.connectTimeoutMs }),
      },
      environment,
      path,
    )
    chain.push(...bastion.proxyJump, { ...bastion, proxyJump: [] })
  }
  return chain
}

/** Several servers may share an address: by another port it is another one, as far as is said; the files may say more. */
const placeOf = ({ address, port }: { address: string; port?: number }): string =>
  port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`

function hostKeysOf(
  rules: HostKeyRules,
  options: SshOptions,
  given: readonly (readonly [string, string])[],
  path: (text: string) => string,
  environment: SshEnvironment,
  notes: string[],
): ResolvedEndpoint['hostKeys'] {
  const files =
    rules.files?.map((file) => expandHome(file, environment)) ??
    pathsOf(options.get('userknownhostsfile')?.[0] ?? '~/.ssh/known_hosts', path)
  const asked = given.find(([keyword]) => keyword === 'stricthostkeychecking')
  if (asked) return { ...rules, policy: policyOf(asked[1]) ?? rules.policy, files }
  const configured = policyOf(options.get('stricthostkeychecking')?.[0] ?? 'ask')
  if (rules.policy !== 'strict' || configured === 'strict' || configured === undefined) return { ...rules, files }
  // The file's `no` would also take a key that has changed: that much only the inventory can ask for.
  notes.push(
    `new host keys are accepted because the ssh configuration says StrictHostKeyChecking ${configured === 'off' ? 'no' : configured}`,
  )
  return { ...rules, policy: 'accept-new', files }
}

/** StrictHostKeyChecking; `ask` is strict, since there is nobody to ask. */
function policyOf(value: string): HostKeyRules['policy'] | undefined {
  switch (value.toLowerCase()) {
    case 'yes':
    case 'true':
    case 'ask':
      return 'strict'
    case 'accept-new':
      return 'accept-new'
    case 'no':
    case 'off':
    case 'false':
      return 'off'
    default:
      return undefined
  }
}

function pathsOf(text: string, path: (text: string) => string): string[] {
  if (text.toLowerCase() === 'none') return []
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => path(word.replace(/^"(.*)"$/, '$1')))
}

/** The inventory's 0 switches it off; in the files 0 is only what ssh says where there is none. In milliseconds. */
function aliveInterval(given: readonly [string, string][], configured: string | undefined): number {
  const asked = given.find(([keyword]) => keyword === 'serveraliveinterval')?.[1]
  if (asked !== undefined) return timeOf(asked) ?? ALIVE_INTERVAL_MS
  return timeOf(configured) || ALIVE_INTERVAL_MS
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function notNone(text: string | undefined): string | undefined {
  return text === undefined || text.toLowerCase() === 'none' ? undefined : text
}
