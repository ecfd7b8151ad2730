import { ConnectionError, type ConnectionFailure } from '../errors.ts'
import type { Endpoint } from '../types.ts'

/** ssh's words, the first that fit. They are the same in every locale: ssh is not translated. */
const FAILURES: readonly (readonly [RegExp, ConnectionFailure])[] = [
  [
    /^@?\s*WARNING: REVOKED HOST KEY|host key .* (?:was|is marked as) revoked|REVOKED HOST KEY DETECTED/im,
    'host-key-revoked',
  ],
  [/REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for \S+ has changed/i, 'host-key-changed'],
  [/No \S+ host key is known for|Host key verification failed/i, 'host-key-unknown'],
  [/Could not resolve hostname/i, 'resolve'],
  [
    /Bad configuration option|Bad owner or permissions on|bad configuration options|unknown key \S+ in|invalid (?:key|argument|user|host)|percent_expand|Can't open user config file/i,
    'config',
  ],
  [/Permission denied|Too many authentication failures|No more authentication methods/i, 'auth'],
  [/Connection refused/i, 'refused'],
  [/timed out|Timeout, server/i, 'timeout'],
  [/No route to host|Network is unreachable|Host is down/i, 'unreachable'],
]

const HINTS: Partial<Record<ConnectionFailure, (endpoint: Endpoint, log: string) => string | undefined>> = {
  'host-key-unknown': (endpoint) => {
    const port = endpoint.port === undefined ? '' : `-p ${endpoint.port} `
    const file = endpoint.hostKeys.files?.[0] ?? '~/.ssh/known_hosts'
    return `compare the fingerprint with the host's own, then add the line that \`ssh-keyscan ${port}${endpoint.address}\` prints to ${file}`
  },
  'host-key-changed': (endpoint, log) => {
    if (endpoint.hostKeys.pinned?.length)
      return 'someone may be in between; if the host was reinstalled, change the pinned key'
    const offending = /^Offending .*? in (\S+:\d+)/m.exec(log)?.[1]
    return `someone may be in between; if the host was reinstalled, remove ${offending ?? 'its old key from known_hosts'}`
  },
  'host-key-revoked': () => 'do not connect; give the host a new key',
  auth: (_endpoint, log) =>
    /UNPROTECTED PRIVATE KEY FILE/.test(log) ? 'ssh ignores a private key that others can read: chmod 600' : undefined,
}

/** What ssh's stderr means. `log` is all of it, debug lines too. */
export function connectionFailure(endpoint: Endpoint, log: string): ConnectionError {
  const lines = log.split(/\r?\n/)
  const said = lines.filter(
    (line) => line !== '' && !/^(?:debug\d|OpenSSH_|Authenticated to |Warning: Permanently added|\*\*)/.test(line),
  )
  const text = said.join('\n')
  const failure = FAILURES.find(([expression]) => expression.test(text))?.[1] ?? 'lost'
  const message = messageOf(failure, said, log, (endpoint.hostKeys.pinned?.length ?? 0) > 0)
  return new ConnectionError(failure, endpoint.name, message, HINTS[failure]?.(endpoint, log))
}

function messageOf(failure: ConnectionFailure, said: readonly string[], log: string, pinned: boolean): string {
  const presented = serverKey(log)
  if (failure.startsWith('host-key') && presented !== undefined) {
    const what =
      { 'host-key-changed': 'has changed', 'host-key-revoked': 'is revoked' }[failure as string] ?? 'is not known'
    if (pinned) return `the host presented the ${presented}, but the inventory pins another`
    const old = /^Offending (\S+ key) in (\S+:\d+)/m.exec(log)
    return `the host key ${what}: it presented the ${presented}${old ? `, but ${old[2]} has another ${old[1]}` : ''}`
  }
  const expression = FAILURES.find(([, name]) => name === failure)?.[0]
  const line = said.findLast((l) => expression?.test(l)) ?? said.at(-1)
  return line?.replace(/^ssh: /, '') ?? 'ssh ended without a word'
}

/** `ssh-ed25519 key SHA256:…` from the debug lines. */
export function serverKey(log: string): string | undefined {
  const match = /^debug1: Server host key: (\S+) (SHA256:\S+)/m.exec(log)
  return match ? `${match[1]} key ${match[2]}` : undefined
}
