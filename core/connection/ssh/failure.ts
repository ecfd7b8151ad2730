import { ConnectionError, type ConnectionFailure } from '../errors.ts'

const BY_CODE: Record<string, ConnectionFailure> = {
  ENOTFOUND: 'resolve',
  EAI_AGAIN: 'resolve',
  EAI_FAIL: 'resolve',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EACCES: 'unreachable',
}

/** What the system's names of errors mean. */
const WORDS: Record<string, string> = {
  ENOTFOUND: 'the name has no address',
  EAI_AGAIN: 'the name cannot be resolved now',
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
}

const HINTS: Partial<Record<ConnectionFailure, string>> = {
  resolve: 'set ansible_host to an address, or check DNS',
  refused: 'check that sshd runs there and ansible_port is right',
  timeout: 'check that the host is up and no firewall drops the port',
  unreachable: 'check the route to the host',
}

/** An error of a socket or of ssh2, by name. `where` is the party that was spoken to: `10.0.0.1:22`. */
export function failureOf(host: string, where: string, error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  const { code, message, level } = error as { code?: string; message: string; level?: string }
  const failure = (code !== undefined && BY_CODE[code]) || (/timed out/i.test(message) ? 'timeout' : 'lost')
  if (level === 'client-authentication')
    return new ConnectionError('auth', host, `${where}: ${message}`, undefined, error)
  if (level === 'handshake' && /no matching/i.test(message)) {
    return new ConnectionError('unsupported', host, `${where}: ${message}`, 'set ansible_connection: openssh', error)
  }
  const said = (code !== undefined && WORDS[code]) || message
  const text = failure === 'lost' ? `${where} ended the connection: ${said}` : `${where}: ${said}`
  return new ConnectionError(failure, host, text, HINTS[failure], error)
}
