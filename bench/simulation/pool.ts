import { execFile } from 'node:child_process'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import type {
  Aside,
  CommandOptions,
  CommandResult,
  Connection,
  ConnectionEnd,
  ConnectionPool,
  Endpoint,
  Script,
  Shell,
} from '../../core/connection/index.ts'

/** What a script answered when it was really run. */
type Answer = Pick<CommandResult, 'status' | 'stdout' | 'stderr'>

/** As a switch in the same room has it. */
const LATENCY_MS = 2

const LOT = /@@[0-9a-f]{24}\b/
const DRAWN = `@@${'0'.repeat(24)}`

/**
 * Hosts that are all alike, in this process: a script that has not been seen is really run once, by this machine's sh, and
 * every host answers what it answered. It is for tasks with nothing to change, since a change would be seen once only.
 */
export class SimulatedPool implements ConnectionPool {
  private readonly answers = new Map<string, Promise<Answer>>()
  private readonly connections = new Map<string, SimulatedHost>()

  async get(endpoint: Endpoint): Promise<Connection> {
    const known = this.connections.get(endpoint.name)
    if (known) return known
    const host = new SimulatedHost(endpoint, (script, stdin) => this.answer(script, stdin))
    this.connections.set(endpoint.name, host)
    await delay(LATENCY_MS)
    return host
  }

  async forget(name: string): Promise<void> {
    await this.connections.get(name)?.close()
    this.connections.delete(name)
  }

  async closeAll(): Promise<void> {
    for (const name of [...this.connections.keys()]) await this.forget(name)
  }

  /** What a script draws by lot, to tell its parts by, is the same for all hosts that are asked the same. */
  private async answer(script: string, stdin: CommandOptions['stdin']): Promise<Answer> {
    const lot = LOT.exec(script)?.[0]
    if (lot === undefined) return this.really(script, stdin)
    const said = await this.really(script.replaceAll(lot, DRAWN), stdin)
    return { ...said, stdout: Buffer.from(said.stdout.toString('latin1').replaceAll(DRAWN, lot), 'latin1') }
  }

  private really(script: string, stdin: CommandOptions['stdin']): Promise<Answer> {
    const key = `${script}\0${stdin ?? ''}`
    const known = this.answers.get(key)
    if (known) return known
    const answer = new Promise<Answer>((resolve) => {
      const child = execFile('/bin/sh', ['-c', script], { encoding: 'buffer' }, (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code ?? 1) : 0, stdout, stderr })
      })
      child.stdin?.end(stdin)
    })
    this.answers.set(key, answer)
    return answer
  }
}

class SimulatedHost implements Connection {
  readonly endpoint: Endpoint
  readonly description: string
  readonly closed: Promise<ConnectionEnd>
  private readonly only: Shell
  private end: (how: ConnectionEnd) => void = () => undefined

  constructor(endpoint: Endpoint, answer: (script: string, stdin: CommandOptions['stdin']) => Promise<Answer>) {
    this.endpoint = endpoint
    this.description = `${endpoint.name}, simulated`
    this.closed = new Promise((resolve) => {
      this.end = resolve
    })
    let writes = 0
    this.only = {
      user: 'root',
      get writes() {
        return writes
      },
      async run(script: Script, options: CommandOptions = {}): Promise<CommandResult> {
        writes++
        // As a shell that sends what was given in one tick.
        if (typeof script === 'function') await turn()
        const begin = performance.now()
        const said = await answer((typeof script === 'function' ? script() : script).text, options.stdin)
        await delay(LATENCY_MS)
        options.signal?.throwIfAborted()
        // Bytes of its own, as a real host's are.
        const [stdout, stderr] = [Buffer.from(said.stdout), Buffer.from(said.stderr)]
        return { status: said.status, stdout, stderr, merged: false, durationMs: performance.now() - begin }
      },
      close: async () => undefined,
    }
  }

  async shell(): Promise<Shell> {
    return this.only
  }

  async resetShell(): Promise<void> {}

  async open(): Promise<never> {
    throw new Error('a simulated host has no channels')
  }

  /** Only the lease is kept here, and nobody else has the host. */
  async aside(): Promise<Aside> {
    const ended = this.closed.then(({ reason }) => reason)
    const answer = (text: string): Promise<string> => delay(LATENCY_MS).then(() => text)
    return { first: answer('held'), tell: () => undefined, ask: () => answer('held'), end: () => answer('free'), ended }
  }

  async forward(): Promise<never> {
    throw new Error('a simulated host forwards nothing')
  }

  async reconnectCheck(): Promise<void> {}

  async close(): Promise<void> {
    this.end({ expected: true, reason: 'closed' })
  }
}
