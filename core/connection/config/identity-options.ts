import type { SshEnvironment } from './environment.ts'
import type { SshOptions } from './options.ts'
import type { ResolvedEndpoint } from './resolved.ts'

/** ssh's own defaults, in its order (ssh_config(5), IdentityFile). */
const DEFAULTS = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk', 'id_xmss', 'id_dsa']
/** Those the transport `ssh` can use, the modern one first. */
const TRIED = ['id_ed25519', 'id_ecdsa', 'id_rsa']

type Identities = Pick<ResolvedEndpoint, 'identityFiles' | 'defaultIdentityFiles' | 'identitiesOnly' | 'identityAgent'>

/** The files and the agent to take keys from. `path` expands a file name. */
export function identities(
  options: SshOptions,
  path: (text: string) => string,
  environment: SshEnvironment,
): Identities {
  const configured = (options.get('identityfile') ?? []).filter((file) => file.toLowerCase() !== 'none')
  const none = options.get('identityfile')?.some((file) => file.toLowerCase() === 'none') === true
  const isDefault =
    configured.length !== 1 && configured.every((file) => DEFAULTS.some((name) => file === `~/.ssh/${name}`))
  const agent = agentOf(options.get('identityagent')?.[0] ?? 'SSH_AUTH_SOCK', path, environment)
  return {
    identityFiles: isDefault ? [] : configured.map(path),
    defaultIdentityFiles: isDefault && !none ? TRIED.map((name) => path(`~/.ssh/${name}`)) : [],
    identitiesOnly: /^(?:yes|true)$/i.test(options.get('identitiesonly')?.[0] ?? 'no'),
    ...(agent !== undefined && { identityAgent: agent }),
  }
}

function agentOf(value: string, path: (text: string) => string, environment: SshEnvironment): string | undefined {
  if (value.toLowerCase() === 'none') return undefined
  if (value === 'SSH_AUTH_SOCK') return environment.variables.SSH_AUTH_SOCK || undefined
  if (value.startsWith('$') && !value.startsWith('${')) return environment.variables[value.slice(1)] || undefined
  return path(value)
}

/** The methods that may be tried, in the order of PreferredAuthentications. */
export function authentications(options: SshOptions): string[] {
  const order =
    options.get('preferredauthentications')?.[0] ?? 'gssapi-with-mic,hostbased,publickey,keyboard-interactive,password'
  const off = (keyword: string) => ['no', 'false'].includes(options.get(keyword)?.[0]?.toLowerCase() ?? '')
  const forbidden = new Set<string>()
  if (off('pubkeyauthentication')) forbidden.add('publickey')
  if (off('passwordauthentication')) forbidden.add('password')
  if (off('kbdinteractiveauthentication') || off('challengeresponseauthentication'))
    forbidden.add('keyboard-interactive')
  return order.split(',').filter((method) => !forbidden.has(method))
}

/** What is asked for and only the system's ssh can do. */
export function unsupported(options: SshOptions): string[] {
  const isSet = (value: string) => value.toLowerCase() !== 'none'
  const found = (options.get('certificatefile') ?? []).filter(isSet).map((file) => `CertificateFile ${file}`)
  for (const [keyword, name] of [
    ['pkcs11provider', 'PKCS11Provider'],
    ['securitykeyprovider', 'SecurityKeyProvider'],
  ] as const) {
    const value = options.get(keyword)?.[0]
    if (value !== undefined && isSet(value) && value !== 'internal') found.push(`${name} ${value}`)
  }
  const methods = authentications(options)
  if (methods.length > 0 && methods.every((method) => method.startsWith('gssapi') || method === 'hostbased'))
    found.push(`PreferredAuthentications ${methods.join(',')}`)
  return found
}
