import type { Duplex } from 'node:stream'
import { wantsTerminal } from './become/answers.ts'
import { ascent, type PasswordProof } from './become/ascent.ts'
import { ConnectionError } from './errors.ts'
import type { ShellText } from './quote.ts'
import { runOnChannel } from './shell/large.ts'
import { openCommand } from './shell/open.ts'
import { UserShell } from './shell/shell.ts'
import { type Started, startShell } from './shell/start.ts'
import type { Transport } from './transport.ts'
import type {
  Aside,
  Become,
  Channel,
  Connection,
  ConnectionEnd,
  Endpoint,
  OpenOptions,
  Shell,
  TerminalSize,
} from './types.ts'

/** Two of the same user and method share one shell. */
const keyOf = (become: Become | undefined): string =>
  become ? JSON.stringify([become.method, become.user, become.exe, become.flags]) : ''

export interface ConnectionOptions {
  /** Between TERM and KILL; default 5000. */
  readonly graceMs?: number
  /** Tries a become password on one host before it is sent to the others; the pool gives it. */
  readonly proof?: PasswordProof
}

interface StartWish {
  readonly signal?: AbortSignal | undefined
  readonly terminal?: TerminalSize | undefined
  readonly keeps?: () => ShellText | undefined
}

/** A user's shell, there or on its way. */
interface Opening {
  shell: Promise<UserShell>
  /** What it is given to keep with its prelude, unless that has been sent. */
  keeps: ShellText | undefined
  isSent: boolean
}

/** The contract's connection over any transport. */
export class HostConnection implements Connection {
  readonly endpoint: Endpoint
  private readonly transport: Transport
  private readonly options: ConnectionOptions
  private readonly shells = new Map<string, Opening>()
  /** Users whose tool wanted a terminal (requiretty). */
  private readonly terminals = new Set<string>()
  private readonly opened = new Set<UserShell>()
  /** Ends what is still on its way to a shell. */
  private readonly closing = new AbortController()

  constructor(endpoint: Endpoint, transport: Transport, options: ConnectionOptions = {}) {
    this.endpoint = endpoint
    this.transport = transport
    this.options = options
  }

  get description(): string {
    return this.transport.description
  }

  get closed(): Promise<ConnectionEnd> {
    return this.transport.closed
  }

  shell(become?: Become): Promise<Shell> {
    return this.opening(become).shell
  }

  async aside(script: ShellText, become?: Become): Promise<Aside> {
    const opening = this.opening(become)
    const first = !opening.isSent && opening.keeps === undefined
    if (first) opening.keeps = script
    const shell = await opening.shell
    return (first && shell.opened) || shell.aside(script)
  }

  async resetShell(become?: Become): Promise<void> {
    const key = keyOf(become)
    const known = this.shells.get(key)
    this.shells.delete(key)
    const shell = await known?.shell.catch(() => undefined)
    await shell?.leave()
  }

  async open(script: ShellText, options: OpenOptions = {}): Promise<Channel> {
    const { become, signal, terminal } = options
    return openCommand(await this.start(become, { signal, terminal }), script, { host: this.endpoint.name, signal })
  }

  forward(target: { host: string; port: number } | { socketPath: string }): Promise<Duplex> {
    return this.transport.forward(target)
  }

  reconnectCheck(signal?: AbortSignal): Promise<void> {
    return this.transport.reconnectCheck(signal)
  }

  async close(): Promise<void> {
    this.shells.clear()
    this.closing.abort(new ConnectionError('lost', this.endpoint.name, 'the connection was closed'))
    await Promise.all([...this.opened].map((shell) => shell.close()))
    await this.transport.close()
  }

  private get shellPath(): string {
    return this.endpoint.shellPath ?? '/bin/sh'
  }

  private opening(become: Become | undefined): Opening {
    const key = keyOf(become)
    const known = this.shells.get(key)
    if (known) return known
    const opening: Opening = { shell: undefined as never, keeps: undefined, isSent: false }
    opening.shell = this.openShell(become, () => {
      opening.isSent = true
      return opening.keeps
    })
    this.shells.set(key, opening)
    opening.shell.catch(() => {
      if (this.shells.get(key) === opening) this.shells.delete(key)
    })
    return opening
  }

  private async openShell(become: Become | undefined, keeps: () => ShellText | undefined): Promise<UserShell> {
    const started = await this.start(become, { keeps })
    const shell = new UserShell(
      {
        name: this.endpoint.name,
        shellPath: this.shellPath,
        start: () => this.start(become),
        runWithInput: async (script, stdin, options) => {
          const own = await this.start(become, { signal: options.signal })
          return runOnChannel(own, script, stdin, this.endpoint.name, options)
        },
      },
      started,
    )
    this.opened.add(shell)
    return shell
  }

  /** Leads to that user's shell: once more with a terminal, if the tool wants one. */
  private async start(become?: Become, more: StartWish = {}): Promise<Started> {
    const { transport, endpoint, options, shellPath } = this
    const { signal, terminal: size, keeps } = more
    const key = keyOf(become)
    const attempt = (terminal: boolean): Promise<Started> =>
      startShell({
        host: endpoint.name,
        open: transport.openChannel,
        shellPath,
        ...(size && { terminal: size }),
        ...(keeps && { keeps }),
        ...(options.graceMs !== undefined && { graceMs: options.graceMs }),
        ...(!become && { user: transport.user }),
        ...(become && {
          ascend: ascent(become, {
            loginUser: transport.user,
            shellPath,
            ...((terminal || size !== undefined) && { terminal: true }),
            ...(options.proof && { proof: options.proof }),
          }),
        }),
        signal: signal ? AbortSignal.any([signal, this.closing.signal]) : this.closing.signal,
      })
    try {
      return await attempt(this.terminals.has(key))
    } catch (error) {
      if (!become || this.terminals.has(key) || !wantsTerminal(error)) throw error
      this.terminals.add(key)
      return attempt(true)
    }
  }
}
