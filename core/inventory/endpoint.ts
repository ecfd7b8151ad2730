import type { Become, Endpoint, HostKeyRules } from '../connection/types.ts'
import type { Json, JsonObject } from '../events/json.ts'
import { DiagnosticError, didYouMean } from '../language/index.ts'
import { Settings } from './settings.ts'
import { hasWay, parseSshArgs, type SshArgs } from './ssh-args.ts'
import { splitWords } from './words.ts'

const transports: Readonly<Record<string, Endpoint['transport']>> = {
  smart: 'ssh',
  ssh: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
  openssh: 'openssh',
  local: 'local',
}

/**
 * How a host is reached, from its resolved variables (`ansible_host`, `ansible_port`, `ansible_user`, …, and virtfleet's own
 * `virtfleet_host_key`, one pinned key or a list). DiagnosticError with every value that is wrong.
 */
export function endpointOf(name: string, variables: JsonObject): Endpoint {
  const settings = new Settings(name, variables)
  const args = sshArgs(settings)
  const passed = [...args.shared, ...args.unknown]
  const connection =
    settings.text('ansible_connection')?.replace(/^ansible\.(?:builtin|netcommon|legacy)\./, '') ?? 'ssh'
  let transport = transports[connection]
  if (!transport) {
    const guess = didYouMean(connection, Object.keys(transports))
    settings.wrong(
      'ansible_connection',
      `names no connection: '${connection}'`,
      guess ? `did you mean ${guess}?` : 'known are ssh, openssh and local',
    )
    transport = 'ssh'
  }
  if (transport === 'ssh' && (args.unknown.length > 0 || args.proxyCommand !== undefined)) transport = 'openssh'
  const seconds = settings.whole(1, 86_400, 'ansible_ssh_timeout', 'ansible_timeout')
  const values = {
    port: settings.whole(1, 65_535, 'ansible_port', 'ansible_ssh_port') ?? args.port,
    user: settings.text('ansible_user', 'ansible_ssh_user') ?? args.user,
    password: settings.text('ansible_password', 'ansible_ssh_password', 'ansible_ssh_pass'),
    privateKeyFile: settings.text('ansible_ssh_private_key_file', 'ansible_private_key_file') ?? args.privateKeyFile,
    privateKeyPassphrase: settings.text('ansible_ssh_private_key_passphrase', 'ansible_private_key_passphrase'),
    proxyJump: args.proxyJump,
    proxyCommand: args.proxyCommand,
    sshArgs: passed.length > 0 ? passed : undefined,
    connectTimeoutMs: seconds === undefined ? args.connectTimeoutMs : seconds * 1000,
    retries: settings.whole(0, 1000, 'ansible_ssh_retries'),
    remoteTmp: settings.text('ansible_remote_tmp'),
    shellPath: settings.text('ansible_shell_executable'),
  }
  const hostKeys = hostKeyRules(settings, args)
  if (settings.diagnostics.length > 0) throw new DiagnosticError(settings.diagnostics)
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
  return { name, transport, address: settings.text('ansible_host', 'ansible_ssh_host') ?? name, hostKeys, ...given }
}

function sshArgs(settings: Settings): SshArgs {
  const all: SshArgs = { shared: [], unknown: [] }
  for (const name of ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    const text = settings.text(name)
    if (text === undefined) continue
    const parsed = parseSshArgs(text)
    if (!parsed) settings.wrong(name, 'has a quote that is not closed')
    else {
      const shared = [...all.shared, ...parsed.shared]
      if (hasWay(all)) {
        delete parsed.proxyJump
        delete parsed.proxyCommand
      }
      Object.assign(all, parsed, { shared, unknown: [...all.unknown, ...parsed.unknown] })
    }
  }
  return all
}

function hostKeyRules(settings: Settings, args: SshArgs): HostKeyRules {
  const names = ['ansible_ssh_host_key_checking', 'ansible_host_key_checking']
  const asked = settings.any(...names)
  const named = settings.text('virtfleet_host_key_policy')
  const chosen = (['strict', 'accept-new', 'off'] as const).find((one) => one === named)
  if (named !== undefined && !chosen) settings.wrong('virtfleet_host_key_policy', 'must be strict, accept-new or off')
  const asks = asked?.value === 'accept-new' ? 'accept-new' : settings.flag(...names) === false ? 'off' : undefined
  const policy = chosen ?? asks ?? args.policy ?? 'strict'
  const pinned = keys(settings, settings.any('virtfleet_host_key', 'virtfleet_host_keys')?.value)
  return { policy, ...(pinned.length > 0 && { pinned }), ...(args.knownHosts && { files: args.knownHosts }) }
}

function keys(settings: Settings, value: Json | undefined): string[] {
  const list = value === undefined ? [] : Array.isArray(value) ? value : [value]
  return list.flatMap((key) => {
    if (typeof key === 'string' && /^[\w@.-]+ [A-Za-z0-9+/]+=*(?: .*)?$/.test(key.trim())) return [key.trim()]
    settings.wrong(
      'virtfleet_host_key',
      'is not a public key',
      'write it as in known_hosts, without the host: ssh-ed25519 AAAA…',
    )
    return []
  })
}

/** Keywords of a task, resolved; variables of the host are stronger, as in Ansible. */
export interface BecomeKeywords {
  readonly become?: Json | undefined
  readonly user?: Json | undefined
  readonly method?: Json | undefined
  readonly flags?: Json | undefined
  readonly exe?: Json | undefined
  /** From --ask-become-pass; variables are stronger. */
  readonly password?: string | undefined
}

/** No variable has such a name. */
const keyword = (name: string): string => `the keyword ${name}`

const methods = ['sudo', 'su', 'doas'] as const

/** As which user a task runs, or undefined for the login user. DiagnosticError for what is wrong or not supported. */
export function becomeOf(name: string, variables: JsonObject, keywords: BecomeKeywords): Become | undefined {
  const given: Record<string, Json | undefined> = {
    [keyword('become')]: keywords.become,
    [keyword('become_user')]: keywords.user,
    [keyword('become_method')]: keywords.method,
    [keyword('become_flags')]: keywords.flags,
    [keyword('become_exe')]: keywords.exe,
  }
  const settings = new Settings(name, { ...given, ...variables })
  const wanted = settings.flag('ansible_become', keyword('become'))
  if (settings.diagnostics.length > 0) throw new DiagnosticError(settings.diagnostics)
  if (wanted !== true) return undefined
  const asked =
    settings
      .text('ansible_become_method', keyword('become_method'))
      ?.replace(/^(?:ansible\.builtin|community\.general)\./, '') ?? 'sudo'
  const method = methods.find((one) => one === asked)
  if (!method) {
    settings.wrong('become_method', `is not supported: '${asked}'`, `known are ${methods.join(', ')}`)
    throw new DiagnosticError(settings.diagnostics)
  }
  const user = settings.text('ansible_become_user', `ansible_${method}_user`, keyword('become_user')) ?? 'root'
  const password =
    settings.text(
      'ansible_become_password',
      'ansible_become_pass',
      `ansible_${method}_password`,
      `ansible_${method}_pass`,
    ) ?? keywords.password
  const exe = settings.text('ansible_become_exe', `ansible_${method}_exe`, keyword('become_exe'))
  const flagText = settings.text('ansible_become_flags', `ansible_${method}_flags`, keyword('become_flags'))
  if (flagText !== undefined && splitWords(flagText).unclosed !== undefined)
    settings.wrong('become_flags', 'has a quote that is not closed')
  if (settings.diagnostics.length > 0) throw new DiagnosticError(settings.diagnostics)
  const flags = flagText === undefined ? undefined : splitWords(flagText).words.map((word) => word.text)
  return {
    method,
    user,
    ...(password !== undefined && { password }),
    ...(exe !== undefined && { exe }),
    ...(flags !== undefined && { flags }),
  }
}
