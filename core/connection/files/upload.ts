import { ConnectionError } from '../errors.ts'
import type { ShellText } from '../quote.ts'
import type { Become, CommandResult, Connection, Shell } from '../types.ts'
import { sizeText } from './amounts.ts'
import { FileError, saidBy } from './errors.ts'
import { installScript, REFUSED, verifyScript } from './finish.ts'
import type { ReplaceOptions } from './install.ts'
import { rememberDigest } from './known-digests.ts'
import { type LargeFile, PREFIX_STEP } from './large-file.ts'
import { type Beginning, beginScript, DAMAGED, parseBeginning, prefixScript, removeScript } from './partial.ts'
import { type OnProgress, UploadProgress } from './progress.ts'
import { dataOf, lengthOf, runsFrom } from './runs.ts'
import { sendFrom } from './send.ts'
import { gateOf, UPLOADS, uplinkOf } from './uplink.ts'

/** A host computes checksums no slower than this, in bytes per millisecond. */
const LEAST_RATE = 10_000
const PATIENCE_MS = 180_000

export interface UploadOptions extends ReplaceOptions {
  /** Looks at $n before it is put in place: status 0 accepts it. A command of the user's. */
  readonly accept?: ShellText
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
  const { signal, onProgress, uploads = UPLOADS, accept, ...attributes } = options
  const target = new Target(connection, await connection.shell(become), file, path, signal)
  let sent = 0
  for (let attempt = 0; ; attempt++) {
    // Room on the host is looked for when it is its turn: several may share a disk.
    const leave = await turn(connection, uploads, path, options)
    const progress = new UploadProgress(path, onProgress)
    let offset: number
    try {
      const beginning = await target.begin()
      offset = beginning.offset
      sent += await target.send(become, beginning, progress)
    } finally {
      leave()
    }
    progress.say('verifying')
    const verified = await target.read(verifyScript(path, file, accept), accept !== undefined)
    if (verified.status === 0) return { sent, ...(await target.install(attributes)) }
    // What was there before may have been damaged meanwhile: once more from the start.
    if (verified.status !== DAMAGED || attempt > 0 || offset === 0) throw target.refused(verified)
  }
}

/** Waits until the uplink has room for one more upload; the answer gives the room back. */
async function turn(
  { endpoint }: Connection,
  uploads: number,
  path: string,
  { signal, onProgress }: UploadOptions,
): Promise<() => void> {
  const uplink = await uplinkOf(endpoint)
  if (uplink === undefined) return () => undefined
  const by = uplink === '' ? '' : ` by way of ${uplink}`
  return gateOf(uplink).enter(Math.max(1, uploads), signal, (ahead) =>
    new UploadProgress(path, onProgress).say(`waiting for ${ahead} other ${ahead === 1 ? 'upload' : 'uploads'}${by}`),
  )
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

  /** May read the whole file. */
  read(script: ShellText, foreign = false): Promise<CommandResult> {
    const timeoutMs = PATIENCE_MS + this.#file.size / LEAST_RATE
    return this.#shell.run(script, { foreign, timeoutMs, ...(this.#signal && { signal: this.#signal }) })
  }

  /** Puts what was verified in place, and remembers its checksum for the next look at it. */
  async install(attributes: ReplaceOptions): Promise<{ backup?: string }> {
    this.#signal?.throwIfAborted()
    const { sha256 } = this.#file
    // Where the file is a mount point it is written in place: half of it would be worse than none.
    const answer = await this.#shell.run(installScript(this.#path, sha256, attributes), { shielded: true })
    if (answer.status !== 0) throw this.refused(answer)
    const text = answer.stdout.toString('utf8').replace(/\n$/, '')
    const [backup, stamp] = [text.slice(0, text.lastIndexOf('\n')), text.slice(text.lastIndexOf('\n') + 1)]
    if (stamp !== '') rememberDigest(this.#connection.endpoint.name, this.#path, { stamp, sha256 })
    return backup === '' ? {} : { backup }
  }

  /** What is there of this content, checked: sending begins at `offset`. */
  async begin(): Promise<{ begun: Beginning; offset: number }> {
    const { sha256, size } = this.#file
    for (;;) {
      const answer = await this.read(beginScript(this.#path, sha256))
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
      await this.#remove()
    }
  }

  async #isRight(bytes: number): Promise<boolean> {
    const { stdout, status } = await this.read(prefixScript(this.#path, this.#file.sha256, bytes))
    const [digest] = stdout.toString('utf8').split(/\s/)
    return status === 0 && digest === this.#file.prefix(bytes)
  }

  /** Sends what is missing. Answers how many bytes went over the line. */
  async send(
    become: Become | undefined,
    { begun, offset }: { begun: Beginning; offset: number },
    progress: UploadProgress,
  ): Promise<number> {
    const { runs, size } = this.#file
    const rest = runsFrom(runs, offset)
    const left = begun.seeks ? lengthOf(rest) : size - offset
    progress.expect(begun.seeks ? lengthOf(runs) : size, left)
    await this.#checkRoom(begun, begun.seeks ? dataOf(rest) : left)
    if (offset > 0) progress.say(`${sizeText(offset)} are there already`)
    if (left === 0) return 0
    const [connection, file, path, signal] = [this.#connection, this.#file, this.#path, this.#signal]
    return sendFrom({ connection, become, file, path, begun, progress, signal }, offset)
  }

  /** Raises FileError before anything is sent in vain; the partial file would only keep the disk full. */
  async #checkRoom({ free, fileSystem }: Beginning, needed: number): Promise<void> {
    if (free === undefined || free >= needed) return
    await this.#remove()
    const room = `it needs ${sizeText(needed)} more, and ${fileSystem} has ${sizeText(free)} free`
    throw new FileError(this.#path, `${this.#path} was not replaced: ${room}`)
  }

  async #remove(): Promise<void> {
    const answer = await this.read(removeScript(this.#path, this.#file.sha256))
    if (answer.status !== 0) throw this.refused(answer)
  }

  refused(result: CommandResult): FileError {
    const said = saidBy(result.merged ? result.stdout : result.stderr)
    if (result.status === REFUSED) return new FileError(this.#path, `failed to validate: ${said}`)
    return new FileError(this.#path, `${this.#path} was not replaced: ${said}`)
  }
}
