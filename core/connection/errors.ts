/** Why a host cannot be used. Each has a hint that says what to do. */
export type ConnectionFailure =
  | 'resolve' // the name has no address
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'lost' // was open, and ended
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'auth' // every credential was refused
  | 'config' // ~/.ssh/config or a key file cannot be used
  | 'shell' // no usable POSIX shell behind the login
  | 'become-password' // wrong or missing password
  | 'become-denied' // the user may not become that user
  | 'become-missing' // no such tool or user on the host
  | 'unsupported' // refused by name, with the transport that can

/** The host could not be reached or used: its tasks are `unreachable`, not `failed`. */
export class ConnectionError extends Error {
  readonly failure: ConnectionFailure
  readonly host: string
  readonly hint: string | undefined
  constructor(failure: ConnectionFailure, host: string, message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ConnectionError'
    this.failure = failure
    this.host = host
    this.hint = hint
  }
}

/** The command was ended because it took longer than allowed. */
export class CommandTimeout extends Error {
  readonly timeoutMs: number
  constructor(timeoutMs: number) {
    super(`timed out after ${timeoutMs / 1000} s`)
    this.name = 'CommandTimeout'
    this.timeoutMs = timeoutMs
  }
}

/** The command wrote more than is kept; it was ended. */
export class OutputTooLarge extends Error {
  readonly limit: number
  constructor(limit: number) {
    super(`wrote more than ${Math.round(limit / 1024)} KiB of output`)
    this.name = 'OutputTooLarge'
    this.limit = limit
  }
}
