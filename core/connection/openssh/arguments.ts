import { optionsOfArguments } from '../config/ssh-arguments.ts'
import { quote } from '../quote.ts'
import type { Endpoint } from '../types.ts'

/** Fifteen seconds without an answer, three times, and the peer is dead; unless the inventory's arguments say otherwise. */
const SIGNS_OF_LIFE = ['-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=3']

/** ssh takes the first value it meets: ours, then the inventory's arguments, then the files. */
export function connectArguments(endpoint: Endpoint, knownHostsFile: string | undefined): string[] {
  const options = [
    `BatchMode=${asksForSecret(endpoint) ? 'no' : 'yes'}`,
    // A wrong password is sent once: every failure brings the controller nearer to being locked out.
    'NumberOfPasswordPrompts=1',
    ...connectOptions(endpoint),
    ...hostKeyOptions(endpoint, knownHostsFile),
    ...proxyOptions(endpoint),
    'ClearAllForwardings=yes',
    'ForwardX11=no',
    'RequestTTY=no',
    'LogLevel=DEBUG1',
    'PermitLocalCommand=yes',
    `LocalCommand=echo ${READY}`,
  ]
  return [
    ...configArguments(endpoint),
    ...options.flatMap((o) => ['-o', o]),
    ...identity(endpoint),
    ...(endpoint.sshArgs ?? []),
    ...SIGNS_OF_LIFE,
    '-N',
    '--',
    endpoint.address,
  ]
}

/** What ssh prints once it is logged in and listens on its control socket. */
export const READY = 'virtfleet-ready'

/** Arguments of a client of the control socket. It must never connect by itself: the socket is the only way. */
export function clientArguments(controlPath: string, logLevel = 'ERROR'): string[] {
  const options = ['ControlMaster=no', 'BatchMode=yes', `LogLevel=${logLevel}`, 'ProxyCommand=false', 'EscapeChar=none']
  return ['-F', 'none', '-S', controlPath, ...options.flatMap((o) => ['-o', o])]
}

/** Whether ssh may ask, through our askpass. */
export function asksForSecret(endpoint: Endpoint): boolean {
  return endpoint.password !== undefined || endpoint.privateKeyPassphrase !== undefined
}

function configArguments(endpoint: Endpoint): string[] {
  return endpoint.useSshConfig === false ? ['-F', 'none'] : []
}

function connectOptions(endpoint: Endpoint): string[] {
  const seconds = Math.max(1, Math.ceil((endpoint.connectTimeoutMs ?? 10_000) / 1000))
  return [`ConnectTimeout=${seconds}`, 'ConnectionAttempts=1']
}

function identity(endpoint: Endpoint): string[] {
  const args: string[] = []
  if (endpoint.user !== undefined) args.push('-l', endpoint.user)
  if (endpoint.port !== undefined) args.push('-p', String(endpoint.port))
  if (endpoint.privateKeyFile !== undefined) args.push('-i', endpoint.privateKeyFile.replaceAll('%', '%%'))
  return args
}

function hostKeyOptions(endpoint: Endpoint, knownHostsFile: string | undefined): string[] {
  const { files, policy } = endpoint.hostKeys
  if (knownHostsFile !== undefined)
    return [...knownHosts([knownHostsFile]), 'StrictHostKeyChecking=yes', 'UpdateHostKeys=no']
  const asked = optionsOfArguments(endpoint.sshArgs ?? []).some(([keyword]) => keyword === 'stricthostkeychecking')
  if (asked) return files ? knownHosts(files) : []
  if (policy === 'off') return [...knownHosts(['/dev/null']), 'StrictHostKeyChecking=no']
  const option = `StrictHostKeyChecking=${policy === 'strict' ? 'yes' : policy}`
  return files ? [...knownHosts(files), option] : [option]
}

function knownHosts(files: readonly string[]): string[] {
  // A quote cannot be written inside of quotes in ssh's files.
  if (files.some((file) => file.includes('"'))) throw new RangeError('the name of a known_hosts file has a quote in it')
  const list = files.map((file) => `"${file.replaceAll('%', '%%')}"`).join(' ')
  return [`UserKnownHostsFile=${list}`, 'GlobalKnownHostsFile=/dev/null']
}

function proxyOptions(endpoint: Endpoint): string[] {
  if (endpoint.proxyCommand !== undefined) return [`ProxyCommand=${endpoint.proxyCommand}`]
  if (endpoint.proxyJump === undefined) return []
  if (endpoint.proxyJump.trim().toLowerCase() === 'none') return ['ProxyJump=none']
  return [`ProxyCommand=${jumpCommand(endpoint, endpoint.proxyJump)}`]
}

/**
 * ssh -J would start the bastion's ssh without our rules about host keys, and with our askpass: so it is written out, for
 * each bastion, and none is asked for anything.
 */
function jumpCommand(endpoint: Endpoint, proxyJump: string): string {
  const jumps = proxyJump.split(',').map((jump) => jump.trim())
  const last = jumps.pop()!
  const options = [
    'BatchMode=yes',
    'ClearAllForwardings=yes',
    ...connectOptions(endpoint),
    ...hostKeyOptions({ ...endpoint, sshArgs: [] }, undefined),
  ]
  const args = [
    ...configArguments(endpoint),
    ...options.flatMap((o) => ['-o', o]),
    ...SIGNS_OF_LIFE,
    ...(jumps.length > 0 ? ['-o', `ProxyCommand=${jumpCommand(endpoint, jumps.join(','))}`] : []),
  ]
  const target = last.includes('://') || !/:\d+$/.test(last) ? last : `ssh://${last}`
  const words = ['ssh', ...args].map((word) => quote(word.replaceAll('%', '%%')))
  const end = [quote('[%h]:%p'), '--', quote(target)].join(' ')
  // ssh puts `exec` in front.
  return `env -u SSH_ASKPASS -u SSH_ASKPASS_REQUIRE ${words.join(' ')} -W ${end}`
}
