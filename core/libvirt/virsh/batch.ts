import { randomBytes } from 'node:crypto'
import type { ShellText } from '../../connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../connection/types.ts'
import { LibvirtError, LibvirtLost, LibvirtNotAsked } from '../errors.ts'
import { errorText, libvirtError, sinceReconnected } from './errors.ts'
import { type BatchCommand, batchScript, NOT_ASKED, splitFrames } from './script.ts'

/** Runs a script on the host: `read` or `run` of the module's host. */
export type RunScript = (script: ShellText, options?: CommandOptions) => Promise<CommandResult>

interface Call extends BatchCommand {
  readonly writes: boolean
  readonly options: CommandOptions | undefined
  readonly resolve: (output: string) => void
  readonly reject: (error: unknown) => void
}

/** virsh's parser refuses the whole argument where it does not know one command or option. */
const NOT_UNDERSTOOD =
  /unknown command|doesn't support option|unexpected data|requires|missing|expected syntax|bad command/

/** Commands given in one tick travel as one script, run in order and answer in order. */
export class VirshBatch {
  readonly #uri: string
  readonly #read: RunScript
  readonly #run: RunScript
  #queue: Call[] = []

  constructor(uri: string, read: RunScript, run: RunScript) {
    this.#uri = uri
    this.#read = read
    this.#run = run
  }

  /** Raises LibvirtError, LibvirtNotAsked among them. A call with options of its own (a time limit, a signal) travels alone. */
  call(command: BatchCommand, writes: boolean, options?: CommandOptions): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#queue.length === 0) queueMicrotask(() => this.#flush())
      this.#queue.push({ ...command, writes, options, resolve, reject })
    })
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    let group: Call[] = []
    for (const call of queue) {
      const last = group.at(-1)
      if (last && (last.options || call.options || last.writes !== call.writes)) {
        this.#send(group).catch(() => undefined)
        group = []
      }
      group.push(call)
    }
    this.#send(group).catch(() => undefined)
  }

  async #send(calls: readonly Call[]): Promise<void> {
    try {
      await this.#exchange(calls)
    } catch (error) {
      for (const call of calls) call.reject(error)
    }
  }

  async #exchange(calls: readonly Call[]): Promise<void> {
    const nonce = `vf${randomBytes(16).toString('hex')}`
    const { script, stdin } = batchScript(this.#uri, calls, nonce)
    const send = calls[0]?.writes ? this.#run : this.#read
    const answer = await send(script, { ...calls[0]?.options, ...(stdin === undefined ? {} : { stdin }) })
    if (answer.status === 127) throw new LibvirtError('virsh is not installed')
    const { frames, noise } = splitFrames(answer.stdout.toString('utf8'), nonce, calls.length)
    if (answer.status === NOT_ASKED) throw new LibvirtNotAsked(errorText(noise) ?? unanswered(answer, noise))
    if (calls.length > 1 && frames.every((f) => f === undefined) && NOT_UNDERSTOOD.test(noise)) {
      await Promise.all(calls.map((call) => this.#send([call])))
      return
    }
    for (const [i, call] of calls.entries()) {
      const output = frames[i] === undefined ? undefined : sinceReconnected(frames[i])
      const problem = errorText(output ?? noise)
      if (problem !== undefined) call.reject(libvirtError(problem))
      // A virsh that was killed may have asked before.
      else if (output === undefined) call.reject(new LibvirtLost(unanswered(answer, noise)))
      else call.resolve(output)
    }
  }
}

function unanswered(answer: CommandResult, noise: string): string {
  const text = `${noise}\n${answer.stderr.toString('utf8')}`.trim()
  return text === '' ? `virsh ended with status ${answer.status} before it answered` : text
}
