import type { Duplex, Readable } from 'node:stream'
import type { ShellText } from './quote.ts'

/*
 * The contract of a connection: see docs/architecture.md. Implementations: ssh/ (ssh2), openssh/ (the system's ssh), local/. All of them
 * pass test/contract/connection.
 */

/** How to reach one host; made by the inventory, completed from ~/.ssh/config. */
export interface Endpoint {
  /** The name in the inventory. */
  readonly name: string
  readonly transport: 'ssh' | 'openssh' | 'local'
  /** Address or name to connect to, before ~/.ssh/config. */
  readonly address: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly privateKeyFile?: string
  readonly privateKeyPassphrase?: string
  readonly hostKeys: HostKeyRules
  /** ProxyJump as OpenSSH writes it: `user@bastion:port,second`. */
  readonly proxyJump?: string
  readonly proxyCommand?: string
  /** More arguments for the `openssh` transport (ansible_ssh_common_args and ansible_ssh_extra_args). */
  readonly sshArgs?: readonly string[]
  /** Read ~/.ssh/config; default true. */
  readonly useSshConfig?: boolean
  /** For one attempt, in milliseconds; default 10 000. */
  readonly connectTimeoutMs?: number
  /** More attempts after the first, with back-off; default 3. */
  readonly retries?: number
  /** First directory in which a helper may be executed; the default list is in shell/. */
  readonly remoteTmp?: string
  /** Bourne shell on the host; default /bin/sh. */
  readonly shellPath?: string
}

export interface HostKeyRules {
  /** strict: unknown is refused; accept-new: unknown is added to the file; off: not checked (said in a warning). */
  readonly policy: 'strict' | 'accept-new' | 'off'
  /** Keys pinned in the inventory, `ssh-ed25519 AAAA…`; if there are any, nothing else is accepted. */
  readonly pinned?: readonly string[]
  /** Default ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. */
  readonly files?: readonly string[]
}

/** Another user on the host. Each distinct user and method has one shell. */
export interface Become {
  readonly method: 'sudo' | 'su' | 'doas'
  readonly user: string
  /** Asked for only when the tool prompts. Registered with the redactor by the one who gives it. */
  readonly password?: string
  /** ansible_become_exe and ansible_become_flags; flags replace the default ones. */
  readonly exe?: string
  readonly flags?: readonly string[]
}

export interface CommandOptions {
  /** Given on standard input, bytes as they are; otherwise /dev/null. */
  readonly stdin?: string | Uint8Array
  /** Kept on the host too; default 0: none. Raises CommandTimeout. */
  readonly timeoutMs?: number
  /**
   * `controller`: the limit is kept on this side only, and the host needs no process that watches. For what hangs if it
   * takes that long; a host that is not reached any more goes on with it.
   */
  readonly timeoutBy?: 'host' | 'controller'
  readonly signal?: AbortSignal
  /**
   * A command of the user's, which may leave processes behind: it gets an output of its own on the host, so that what it
   * leaves cannot write into another command's answer. Default false: our own commands, which leave nothing.
   */
  readonly foreign?: boolean
  /**
   * It starts no process that could outlive it, not even a daemon: what only reads, or only writes files. The next command
   * then needs no new job on the host. Default false.
   */
  readonly childless?: boolean
  /** Lines as they come; implies a channel of its own. */
  readonly onLine?: (stream: 'stdout' | 'stderr', line: string) => void
  /** Bytes of either stream that are kept before the command is ended with OutputTooLarge; default 16 MiB. */
  readonly maxOutput?: number
  /** Must not be ended by an abort or a lost connection (dpkg, a network change): it runs to its end on the host. */
  readonly shielded?: boolean
  /** Ends the command even if it is shielded: somebody insisted. */
  readonly insist?: AbortSignal
}

export interface CommandResult {
  /** Exit status, 128+n for signal n as the shell gives it. */
  readonly status: number
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** True where the way to the user merged both streams (su, doas, requiretty): then all is in stdout. */
  readonly merged: boolean
  readonly durationMs: number
}

/** What to run; a function is asked once, when it is sent. */
export type Script = ShellText | (() => ShellText)

/** One long-lived POSIX shell as one user on one host. */
export interface Shell {
  readonly user: string
  /**
   * Runs a script in a subshell. Commands given in one tick leave in one write, run in order and answer in order. A
   * non-zero status is an answer, not an error. Raises ConnectionError, CommandTimeout, OutputTooLarge, AbortError.
   */
  run(script: Script, options?: CommandOptions): Promise<CommandResult>
  /** Number of writes so far: what round trips are counted by. */
  readonly writes: number
  close(): Promise<void>
}

/**
 * What a user's shell keeps beside the commands that it runs, such as a lock: descriptor 9 is its, and no command has it. It
 * is told lines, also while a command runs, which must take no time, and answers by `vf_a WORDS` in one line.
 */
export interface Aside {
  /** The answer of its script; undefined: the shell has ended. */
  readonly first: Promise<string | undefined>
  tell(line: ShellText): void
  /** One answer is waited for; no command begins before it has come. Undefined: the shell has ended. */
  ask(line: ShellText): Promise<string | undefined>
  /** Why the shell, and what it kept, is gone. */
  readonly ended: Promise<string>
  /** A last line and its answer, once no job is about to end: then nothing is kept any more. Undefined: the shell has ended, or this had. */
  end(line: ShellText): Promise<string | undefined>
}

/** A command on a channel of its own: for large input and output, and for relaying a socket. */
export interface Channel {
  /** The command's stdin and stdout, with back-pressure. */
  readonly stream: Duplex
  readonly stderr: Readable
  /** Settles when the command has ended and both streams were drained. */
  readonly exit: Promise<{ status: number }>
  /** Tells a terminal's new size, where it has one and the transport can. */
  resize?(size: TerminalSize): void
  close(): void
}

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface OpenOptions {
  readonly become?: Become
  readonly signal?: AbortSignal
  /** Gives it a terminal: raw, without echo, stderr within stdout. */
  readonly terminal?: TerminalSize
}

export interface Connection {
  readonly endpoint: Endpoint
  /** What was agreed on, for the log: address, user, key algorithm and fingerprint. */
  readonly description: string
  /** The shell of that user, opened once and kept; the login user's without an argument. */
  shell(become?: Become): Promise<Shell>
  /**
   * Gives the user's shell something to keep: with its prelude, and so without a round trip, where it is just being opened. One at a time: the
   * next waits. It survives resetShell, and is gone with the shell: when that is lost, or the connection.
   */
  aside(script: ShellText, become?: Become): Promise<Aside>
  /** Closes and forgets a user's shell, so that the next use sees changed groups. */
  resetShell(become?: Become): Promise<void>
  open(script: ShellText, options?: OpenOptions): Promise<Channel>
  /** A TCP stream from the host to an address it can reach (direct-tcpip), or to a Unix socket there (streamlocal). */
  forward(target: { host: string; port: number } | { socketPath: string }): Promise<Duplex>
  /** Proves that the host can be reached anew: a new TCP connection, key exchange and authentication, then closed. */
  reconnectCheck(signal?: AbortSignal): Promise<void>
  /** Fires once when the connection is lost or closed. */
  readonly closed: Promise<ConnectionEnd>
  close(): Promise<void>
}

export interface ConnectionEnd {
  readonly expected: boolean
  readonly reason: string
}

/** Opens connections: retries with back-off, limits concurrent handshakes, shares bastions, one connection per endpoint. */
export interface ConnectionPool {
  get(endpoint: Endpoint, signal?: AbortSignal): Promise<Connection>
  /** Drops one, after a reboot or a loss. */
  forget(name: string): Promise<void>
  closeAll(): Promise<void>
}
