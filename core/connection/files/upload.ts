import { ConnectionError } from '../errors.ts'
import type { ShellText } from '../quote.ts'
import type { Become, CommandResult, Connection, Shell } from '../types.ts'
import { sizeText } from './amounts.ts'
import { FileError, saidBy } from './errors.ts'
import { type FinishOptions, finishScript, REFUSED } from './finish.ts'
import { rememberDigest } from './known-digests.ts'
import { type LargeFile, PREFIX_STEP } from './large-file.ts'
import { type Beginning, beginScript, DAMAGED, parseBeginning, prefixScript, removeScript } from './partial.ts'
import { type OnProgress, UploadProgress } from './progress.ts'
import { dataOf, lengthOf, runsFrom } from './runs.ts'
import { type Sending, sendFrom } from './send.ts'
import { gateOf, UPLOADS, uplinkOf } from './uplink.ts'

export interface UploadOptions extends FinishOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
  /** Large uploads at once over the uplink that this host shares with others; default 4. */
  readonly uploads?: number | undefined
}

export interface Uploaded {
  readonly backup?: string
  /** Bytes that went over the line: none for holes and what was there. */
  readonly sent: number
}

/**
 * Sends a large file on a channel of its own and puts it in the place of `path`, as replaceFile does with a small one. What arrives is
 * kept in a partial file beside the target, named by the content's checksum: after an interruption the next upload of that content
 * checks it and goes on. Holes stay holes. The whole is verified before it replaces anything.
 *
 * Raises FileError when the host refuses (the old file is whole then; a partial file is left only if it may be gone on with),
 * ConnectionError, and the signal's reason.
 */
export async function uploadLarge(
  connection: Connection,
  become: Become | undefined,
  file: LargeFile,
  path: string,
  options: UploadOptions = {},
): Promise<Uploaded> {
  const { signal, onProgress, uploads = UPLOADS, ...finish } = options
  const target = new Target(connection, await connection.shell(become), file, path, signal)
  let sent = 0
  for (let attempt = 0; ; attempt++) {
    const { begun, offset } = await target.begin()
    const rest = runsFrom(file.runs, offset)
    const total = begun.seeks ? lengthOf(file.runs) : file.size
    const left = begun.seeks ? lengthOf(rest) : file.size - offset
    await target.checkRoom(begun, begun.seeks ? dataOf(rest) : left)
    const progress = new UploadProgress(path, total, total - left, onProgress)
    if (offset > 0) progress.say(`${sizeText(offset)} are there already`)
    const sending = { connection, become, file, path, begun, progress, signal }
    if (left > 0) sent += await sendInTurn(sending, offset, uploads)
    progress.say('verifying')
    const end = await target.run(finishScript(path, file, finish), finish.accept !== undefined)
    if (end.status === 0) return { sent, ...ended(end, connection.endpoint.name, path, file.sha256) }
    // What was there before may have been damaged meanwhile: once more from the start.
    if (end.status !== DAMAGED || attempt > 0 || offset === 0) throw target.refused(end)
  }
}

async function sendInTurn(sending: Sending, offset: number, uploads: number): Promise<number> {
  const { connection, progress, signal } = sending
  const uplink = await uplinkOf(connection.endpoint)
  if (uplink === undefined) return sendFrom(sending, offset)
  const by = uplink === '' ? '' : ` by way of ${uplink}`
  const leave = await gateOf(uplink).enter(Math.max(1, uploads), signal, (ahead) =>
    progress.say(`waiting for ${ahead} other ${ahead === 1 ? 'upload' : 'uploads'}${by}`),
  )
  try {
    return await sendFrom(sending, offset)
  } finally {
    leave()
  }
}

/** The backup's name, and the checksum remembered for the next look at the file. */
function ended({ stdout }: CommandResult, host: string, path: string, sha256: string): { backup?: string } {
  const text = stdout.toString('utf8').replace(/\n$/, '')
  const [backup, stamp] = [text.slice(0, text.lastIndexOf('\n')), text.slice(text.lastIndexOf('\n') + 1)]
  if (stamp !== '') rememberDigest(host, path, { stamp, sha256 })
  return backup === '' ? {} : { backup }
}

/** The file on the host, by short scripts. */
class Target {
  readonly #connection: Connection
  readonly #shell: Shell
  readonly #file: LargeFile
  readonly #path: string
  readonly #signal: AbortSignal | undefined

  constructor(connection: Connection, shell: Shell, file: LargeFile, path: string, signal: AbortSignal | undefined) {
    this.#connection = connection
    this.#shell = shell
    this.#file = file
    this.#path = path
    this.#signal = signal
  }

  run(script: ShellText, foreign = false): Promise<CommandResult> {
    return this.#shell.run(script, { foreign, ...(this.#signal && { signal: this.#signal }) })
  }

  /** What is there of this content, checked: sending begins at `offset`. */
  async begin(): Promise<{ begun: Beginning; offset: number }> {
    const { sha256, size } = this.#file
    for (;;) {
      const answer = await this.run(beginScript(this.#path, sha256))
      if (answer.status !== 0) throw this.refused(answer)
      if (answer.merged) {
        const hint = 'become with sudo instead'
        throw new ConnectionError(
          'unsupported',
          this.#connection.endpoint.name,
          'large files cannot pass a terminal',
          hint,
        )
      }
      const begun = parseBeginning(answer.stdout.toString('utf8'))
      const whole = begun.have === size ? size : Math.floor(begun.have / PREFIX_STEP) * PREFIX_STEP
      if (begun.have <= size && (whole === 0 || (await this.#isRight(whole)))) return { begun, offset: whole }
      await this.run(removeScript(this.#path, sha256))
    }
  }

  async #isRight(bytes: number): Promise<boolean> {
    const { stdout, status } = await this.run(prefixScript(this.#path, this.#file.sha256, bytes))
    const [digest] = stdout.toString('utf8').split(/\s/)
    return status === 0 && digest === this.#file.prefix(bytes)
  }

  /** Raises FileError before anything is sent in vain; the partial file would only keep the disk full. */
  async checkRoom({ free, fileSystem }: Beginning, needed: number): Promise<void> {
    if (free === undefined || free >= needed) return
    await this.run(removeScript(this.#path, this.#file.sha256))
    const room = `it needs ${sizeText(needed)} more, and ${fileSystem} has ${sizeText(free)} free`
    throw new FileError(this.#path, `${this.#path} was not replaced: ${room}`)
  }

  refused(result: CommandResult): FileError {
    const said = saidBy(result.merged ? result.stdout : result.stderr)
    if (result.status === REFUSED) return new FileError(this.#path, `failed to validate: ${said}`)
    return new FileError(this.#path, `${this.#path} was not replaced: ${said}`)
  }
}
