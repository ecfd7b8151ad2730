import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Duplex, Readable, Transform, type TransformCallback } from 'node:stream'
import { ProcessStream } from '../config/process-stream.ts'
import { ConnectionError } from '../errors.ts'
import type { ByteChannel, ChannelOptions, Transport } from '../transport.ts'
import type { ConnectionEnd, Endpoint } from '../types.ts'
import { clientArguments } from './arguments.ts'
import { serverKey } from './failure.ts'
import { type Master, startMaster } from './master.ts'

/**
 * Logs in with the system's ssh: certificates, hardware keys, Kerberos, ProxyCommand and all of ~/.ssh/config are its
 * business. Raises ConnectionError; one attempt, retries are the pool's.
 */
export async function openOpenssh(endpoint: Endpoint, signal?: AbortSignal): Promise<Transport> {
  if (endpoint.address === '' || /^-|[\s\0]/.test(endpoint.address))
    throw new ConnectionError('config', endpoint.name, `${JSON.stringify(endpoint.address)} is not an address`)
  try {
    return new OpensshTransport(endpoint, await startMaster(endpoint, true, signal))
  } catch (error) {
    if (error instanceof RangeError) throw new ConnectionError('config', endpoint.name, error.message)
    throw error
  }
}

class OpensshTransport implements Transport {
  readonly description: string
  readonly user: string
  readonly closed: Promise<ConnectionEnd>
  readonly #endpoint: Endpoint
  readonly #master: Master
  #closing = false
  #sockets = 0

  constructor(endpoint: Endpoint, master: Master) {
    this.#endpoint = endpoint
    this.#master = master
    const log = master.log()
    const [, address, user] = /^debug1: Authenticating to (\S+) as '(.*)'/m.exec(log) ?? []
    this.user = user ?? endpoint.user ?? ''
    this.description = `${this.user}@${address ?? endpoint.address}, ${serverKey(log) ?? 'unknown host key'}`
    this.closed = master.ended.then(() => this.#end())
  }

  #end(): ConnectionEnd {
    if (this.#closing) return { expected: true, reason: 'closed' }
    const said = this.#master
      .log()
      .split(/\r?\n/)
      .filter((line) => line !== '' && !line.startsWith('debug1:'))
    return { expected: false, reason: said.at(-1) ?? 'ssh ended' }
  }

  openChannel = async (command: string, options: ChannelOptions = {}): Promise<ByteChannel> => {
    const terminal = options.pty ? ['-tt'] : ['-T']
    // ssh takes a terminal's modes from its own; it has none here. `;` and both words mean the same in csh and fish.
    const { columns, rows } = options.size ?? { columns: 80, rows: 24 }
    const text = options.pty ? `stty raw -echo rows ${rows} cols ${columns}; ${command}` : command
    return this.#client([...terminal, '--', 'host', text], options.pty === true)
  }

  async forward(target: { host: string; port: number } | { socketPath: string }): Promise<Duplex> {
    return 'socketPath' in target ? this.#forwardSocket(target.socketPath) : this.#forwardTcp(target)
  }

  async reconnectCheck(signal?: AbortSignal): Promise<void> {
    const master = await startMaster(this.#endpoint, false, signal)
    await master.close()
  }

  async close(): Promise<void> {
    this.#closing = true
    await this.#master.close()
    await this.closed
  }

  #client(args: readonly string[], merged: boolean): ByteChannel {
    const child = spawn('ssh', [...clientArguments(this.#master.controlPath), ...args], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const { stdin, stdout } = child
    const stderr = new FirstWords(REFUSED)
    for (const stream of [stdin, stdout, child.stderr]) stream.on('error', () => {})
    child.stderr.pipe(stderr)
    if (merged) stderr.resume()
    const exit = new Promise<{ status: number | undefined }>((resolve) => {
      child.once('error', () => resolve({ status: undefined }))
      child.once('exit', (status) => void this.#statusOf(status, stderr).then((known) => resolve({ status: known })))
    })
    return {
      stdin,
      stdout,
      stderr: merged ? Readable.from([]) : stderr,
      exit,
      close: () => {
        child.kill('SIGTERM')
        for (const stream of [stdin, stdout, child.stderr, stderr]) stream.destroy()
      },
    }
  }

  /** ssh says 255 for a lost connection and for a refused session too. */
  async #statusOf(status: number | null, stderr: FirstWords): Promise<number | undefined> {
    if (status !== 255) return status ?? undefined
    const wait = new Promise<false>((resolve) => setTimeout(resolve, 50, false))
    const lost = await Promise.race([this.#master.ended.then(() => true), wait])
    return lost || stderr.seen ? undefined : status
  }

  async #forwardTcp({ host, port }: { host: string; port: number }): Promise<Duplex> {
    const address = host.includes(':') ? `[${host}]` : host
    const args = [...clientArguments(this.#master.controlPath, 'DEBUG1'), '-W', `${address}:${port}`, '--', 'host']
    const child = spawn('ssh', args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    await new Promise<void>((resolve, reject) => {
      let log = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        log = (log + text).slice(-8192)
        if (/mux_client_request_stdio_fwd: master session id/.test(log)) resolve()
      })
      child.once('error', reject)
      child.once('exit', () => reject(this.#forwardError(`${host}:${port}`)))
    })
    return new ProcessStream(child, () => child.kill('SIGTERM'))
  }

  async #forwardSocket(socketPath: string): Promise<Duplex> {
    const local = join(this.#master.folder, `s${this.#sockets++}`)
    await this.#control('forward', `${local}:${socketPath}`)
    const socket = connect(local)
    socket.once('close', () => void this.#control('cancel', `${local}:${socketPath}`).catch(() => {}))
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    return socket
  }

  async #control(command: 'forward' | 'cancel', specification: string): Promise<void> {
    const channel = this.#client(['-O', command, '-L', specification, '--', 'host'], true)
    channel.stdin.end()
    channel.stdout.resume()
    const { status } = await channel.exit
    if (status !== 0) throw this.#forwardError(specification)
  }

  #forwardError(target: string): ConnectionError {
    const reason = /^channel \d+: open failed: (.*)$/gm
    const said = [...this.#master.log().matchAll(reason)].at(-1)?.[1]
    return new ConnectionError(
      'unreachable',
      this.#endpoint.name,
      `${target} cannot be reached from the host${said ? `: ${said.trim()}` : ''}`,
    )
  }
}

/** What a client of the control socket writes, before anything of the host's, when there are too many sessions. */
const REFUSED = 'mux_client_request_session: session request failed'

/** Passes everything on, and remembers whether it began with some words. */
class FirstWords extends Transform {
  readonly #words: string
  #start = ''
  seen = false

  constructor(words: string) {
    super()
    this.#words = words
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#start.length < this.#words.length) {
      this.#start += chunk.toString('latin1', 0, this.#words.length)
      this.seen = this.#start.startsWith(this.#words)
    }
    done(null, chunk)
  }
}
