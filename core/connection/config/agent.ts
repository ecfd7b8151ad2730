import { connect } from 'node:net'
import {
  BaseAgent,
  createAgent,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2'
import { keyType } from '../hostkeys/key.ts'

/** A key an agent holds. */
export interface AgentKey {
  readonly type: string
  /** In SSH wire format. */
  readonly blob: Buffer
  readonly comment: string
}

const REQUEST_IDENTITIES = Buffer.from([0, 0, 0, 1, 11])
const IDENTITIES_ANSWER = 12
const TIMEOUT_MS = 5000
const MAX_ANSWER = 1 << 20

/** Asks an agent what it holds (draft-miller-ssh-agent, 4.4), certificates too. Raises Error when it does not answer. */
export async function agentKeys(socketPath: string): Promise<AgentKey[]> {
  return parseIdentities(await ask(socketPath))
}

function ask(socketPath: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    let answer = Buffer.alloc(0)
    const end = (error?: Error) => {
      socket.destroy()
      if (error) reject(error)
      else resolve(answer.subarray(4))
    }
    socket.setTimeout(TIMEOUT_MS, () => end(new Error('does not answer')))
    socket.on('error', end)
    socket.on('close', () => end(new Error('closed the connection')))
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length < 4) return
      const length = answer.readUInt32BE(0)
      if (length > MAX_ANSWER) end(new Error('answers with too much'))
      else if (answer.length >= length + 4) end()
    })
    socket.write(REQUEST_IDENTITIES)
  })
}

function parseIdentities(answer: Buffer): AgentKey[] {
  const keys: AgentKey[] = []
  if (answer.length < 5 || answer[0] !== IDENTITIES_ANSWER) throw new Error('refuses to list its keys')
  let offset = 5
  const next = (): Buffer => {
    const start = offset + 4
    if (start > answer.length) throw new Error('answers with a broken list')
    offset = start + answer.readUInt32BE(start - 4)
    if (offset > answer.length) throw new Error('answers with a broken list')
    return answer.subarray(start, offset)
  }
  for (let left = answer.readUInt32BE(1); left > 0; left--) {
    const blob = next()
    keys.push({ blob, type: keyType(blob) ?? 'unknown', comment: next().toString('utf8') })
  }
  return keys
}

/** An agent that offers only some of its keys. */
export class AgentSelection extends BaseAgent<Buffer | ParsedKey> {
  readonly #keys: readonly Buffer[]
  readonly #agent: ReturnType<typeof createAgent>

  constructor(socketPath: string, keys: readonly Buffer[]) {
    super()
    this.#keys = keys
    this.#agent = createAgent(socketPath)
  }

  override getIdentities(callback: IdentityCallback<Buffer | ParsedKey>): void {
    callback(undefined, [...this.#keys])
  }

  override sign(
    key: Buffer | ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options)
    else this.#agent.sign(key, data, options, callback)
  }

  /** Signs with one of them. */
  signer(key: Buffer): (data: Buffer, hash: 'sha256' | 'sha512' | undefined, done: SignedCallback) => void {
    return (data, hash, done) =>
      this.sign(key, data, hash ? { hash } : {}, (error, signature) =>
        done(error ?? signature ?? new Error('the agent gave no signature')),
      )
  }
}

type SignedCallback = (signed: Buffer | Error) => void
