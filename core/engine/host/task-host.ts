import {
  type Become,
  type CommandOptions,
  type CommandResult,
  type Connection,
  ConnectionError,
  FileError,
  type JointRead,
  jointReads,
  type LargeFile,
  ordered,
  replaceFile,
  type Script,
  type Shell,
  type ShellText,
  sh,
  uploadLarge,
} from '../../connection/index.ts'
import { splitWords } from '../../connection/words.ts'
import type { Json, JsonObject } from '../../events/json.ts'
import { fromJson, resolve, templateFile, toJson, Undefined, type Value } from '../../language/index.ts'
import type { RpcSessions } from '../../libvirt/rpc/index.ts'
import type { Libvirt } from '../../libvirt/types.ts'
import { createVirsh } from '../../libvirt/virsh/virsh.ts'
import {
  type ControllerFiles,
  type FactStore,
  type FileAttributes,
  type Host,
  ModuleFailure,
  type RenderOptions,
} from '../../module/types.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { withEnvironment } from './environment.ts'
import { nativeLibvirt } from './libvirt.ts'

/** A look at a host that takes longer hangs: on a dead NFS server, on a daemon that does not answer. */
const READ_TIMEOUT_MS = 180_000

/** What ties a host to one task of a run. Its members are used in place: they may be those of a class. */
export interface TaskHostTies {
  readonly name: string
  readonly scope: LayeredScope
  readonly signal: AbortSignal
  readonly check: boolean
  readonly wantsDiff: boolean
  /** See Reader. */
  wantsResult(path: readonly string[]): boolean
  readonly become: Become | undefined
  readonly environment: ReadonlyMap<string, string>
  readonly files: ControllerFiles
  /** What runs now must end by itself: package managers, network changes. */
  readonly shielded: boolean
  readonly factStore?: FactStore | undefined
  /** libvirt's own protocol, which has no order with the shell: for a task that nothing runs ahead of. */
  readonly libvirtSessions?: (() => Promise<RpcSessions>) | undefined
  connect(): Promise<Connection>
  /** Closes the connection and opens another one, without retries. */
  reconnect(): Promise<void>
  /** The shell is there. */
  opened(): void
  /** A write is handed over now, in the order of the shell's commands or by another way; called when it has ended. */
  begin(ordered: boolean): () => void
  /** It was handed over. */
  sent(ordered: boolean, answered: Promise<unknown>): void
  /** The module gets the connection itself. */
  handOver(): void
  progress(message: string, percent?: number): void
  line(stream: 'stdout' | 'stderr', line: string): void
  secret(value: string): void
}

/** A host as modules see it: reads and writes over the connection's shell of the task's user. */
export class TaskHost implements Host {
  readonly #ties: TaskHostTies
  #libvirt: Libvirt | undefined
  #files: ControllerFiles | undefined
  #factStore: FactStore | undefined

  constructor(ties: TaskHostTies) {
    this.#ties = ties
  }

  get name(): string {
    return this.#ties.name
  }

  get signal(): AbortSignal {
    return this.#ties.signal
  }

  get check(): boolean {
    return this.#ties.check
  }

  get wantsDiff(): boolean {
    return this.#ties.wantsDiff
  }

  wantsResult(...path: readonly string[]): boolean {
    return this.#ties.wantsResult(path)
  }

  get files(): ControllerFiles {
    this.#files ??= this.#ties.files
    return this.#files
  }

  get factStore(): FactStore | undefined {
    this.#factStore ??= this.#ties.factStore
    return this.#factStore
  }

  variable(name: string): Json | undefined {
    const { scope } = this.#ties
    const value = scope.get(name)
    if (value === undefined) return undefined
    const resolved = resolve(value, scope)
    return resolved instanceof Undefined ? undefined : toJson(resolved)
  }

  async read(script: ShellText, options: CommandOptions = {}): Promise<CommandResult> {
    const shell = await this.#shell()
    return await shell.run(withEnvironment(script, this.#ties.environment), {
      timeoutMs: READ_TIMEOUT_MS,
      timeoutBy: 'controller',
      childless: true,
      signal: this.signal,
      ...options,
    })
  }

  async readJointly<I, R>(read: JointRead<I, R>, item: I): Promise<R> {
    const shell = await this.#shell()
    const { environment } = this.#ties
    const options = { timeoutMs: READ_TIMEOUT_MS, timeoutBy: 'controller', childless: true } as const
    if (environment.size === 0) return await jointReads(shell).ask(read, item, this.signal, options)
    const script = withEnvironment(read.script([item]), environment)
    const answer = read.parse(await shell.run(script, { ...options, signal: this.signal }), [item])[0]
    if (answer instanceof Error) throw answer
    return answer as R
  }

  async run(script: ShellText, options: CommandOptions = {}): Promise<CommandResult> {
    const shell = await this.#shell()
    const { shielded } = this.#ties
    try {
      return await this.#write(shell, withEnvironment(script, this.#ties.environment), {
        signal: this.signal,
        ...(shielded && { shielded, insist: this.signal }),
        ...options,
      })
    } catch (error) {
      throw lostWhileWriting(error)
    }
  }

  get libvirt(): Libvirt {
    if (!this.#libvirt) {
      const uri = this.variable('libvirt_uri')
      this.#libvirt = this.#libvirtAt(typeof uri === 'string' && uri !== '' ? uri : 'qemu:///system')
    }
    return this.#libvirt
  }

  #libvirtAt(uri: string): Libvirt {
    const virsh = createVirsh({
      uri,
      read: (script, options) => this.read(script, options),
      run: (script, options) => this.run(script, options),
    })
    const { become, signal, libvirtSessions: sessions } = this.#ties
    if (!sessions) return virsh
    const readTimeoutMs = READ_TIMEOUT_MS
    return nativeLibvirt({ uri, become, virsh, sessions, signal, readTimeoutMs, begin: () => this.#ties.begin(false) })
  }

  connection(): Promise<Connection> {
    this.#ties.handOver()
    return this.#ties.connect()
  }

  reconnect(): Promise<void> {
    this.#ties.handOver()
    return this.#ties.reconnect()
  }

  async writeFile(path: string, content: Buffer, attributes: FileAttributes): Promise<{ backup?: string }> {
    const shell = await this.#shell()
    const { mode, owner, group, backup, validate } = attributes
    if (validate !== undefined) await this.#validate(validate, content)
    try {
      return await replaceFile(this.#told(shell), path, content, {
        signal: this.signal,
        ...(mode !== undefined && { mode }),
        ...(owner !== undefined && { owner }),
        ...(group !== undefined && { group }),
        ...(backup !== undefined && { backup }),
      })
    } catch (error) {
      if (error instanceof FileError) throw new ModuleFailure(error.message, { cause: error })
      throw lostWhileWriting(error)
    }
  }

  async uploadFile(path: string, file: LargeFile, attributes: FileAttributes): Promise<{ backup?: string }> {
    const { mode, owner, group, backup, validate } = attributes
    try {
      const uploaded = await uploadLarge(await this.connection(), this.#ties.become, file, path, {
        signal: this.signal,
        onProgress: (message, percent) => this.progress(message, percent),
        uploads: this.#uploads(),
        ...(mode !== undefined && { mode }),
        ...(owner !== undefined && { owner }),
        ...(group !== undefined && { group }),
        ...(backup !== undefined && { backup }),
        ...(validate !== undefined && { accept: validation(validate) }),
      })
      return uploaded.backup === undefined ? {} : { backup: uploaded.backup }
    } catch (error) {
      if (error instanceof FileError) throw new ModuleFailure(error.message, { cause: error })
      throw error
    }
  }

  /** Large uploads at once over this host's uplink. */
  #uploads(): number | undefined {
    const value = this.variable('virtfleet_uploads')
    if (value === undefined || value === null) return undefined
    const count = Number(value)
    if (!Number.isInteger(count) || count < 1) {
      throw new ModuleFailure(`virtfleet_uploads must be a whole number from 1, not ${JSON.stringify(value)}`)
    }
    return count
  }

  secret(value: string): void {
    this.#ties.secret(value)
  }

  async render(source: string, file: string, options: RenderOptions = {}): Promise<string> {
    const { variables } = options
    const scope = variables ? this.#ties.scope.with(variablesOf(variables)) : this.#ties.scope.anew()
    const header = headerOf(options)
    const value = await templateFile(header + source, file).evaluateAsync(scope)
    return String(value)
  }

  progress(message: string, percent?: number): void {
    this.#ties.progress(message, percent)
  }

  line(stream: 'stdout' | 'stderr', line: string): void {
    this.#ties.line(stream, line)
  }

  async #shell(): Promise<Shell> {
    const connection = await this.#ties.connect()
    const shell = await connection.shell(this.#ties.become)
    this.#ties.opened()
    return shell
  }

  /** Every write is told before the shell has it, and again once it has it. */
  async #write(shell: Shell, script: Script, options: CommandOptions): Promise<CommandResult> {
    const inOrder = ordered(options)
    const end = this.#ties.begin(inOrder)
    try {
      jointReads(shell).cut()
      const answer = shell.run(script, options)
      this.#ties.sent(inOrder, answer)
      return await answer
    } finally {
      end()
    }
  }

  #told(shell: Shell): Shell {
    return {
      user: shell.user,
      get writes() {
        return shell.writes
      },
      run: (script, options = {}) => this.#write(shell, script, options),
      close: () => shell.close(),
    }
  }

  /** Ansible's `validate`: a command that must accept the new content before it is put in place. */
  async #validate(command: string, content: Buffer): Promise<void> {
    const script = sh`umask 077; n=$(mktemp) || exit 1; trap 'rm -f -- "$n"' EXIT; cat >"$n" || exit 1
${validation(command)} </dev/null`
    const done = await this.read(script, { stdin: content, foreign: true })
    if (done.status === 0) return
    const said = (done.stderr.toString().trim() || done.stdout.toString().trim()).slice(0, 2000)
    throw new ModuleFailure(`failed to validate: ${said || `${command} ended with status ${done.status}`}`, {
      result: { rc: done.status },
    })
  }
}

/** The command's words, each one quoted; no shell reads what the task says. `%s` becomes the path, wherever it stands. */
function validation(command: string): ShellText {
  if (!command.includes('%s')) throw new ModuleFailure('validate must contain %s for the path of the file')
  try {
    const words = splitWords(command).map((word) =>
      sh.join(
        word.split('%s').map((text) => sh`${text}`),
        '"$n"',
      ),
    )
    return sh.join(words, ' ')
  } catch (error) {
    if (error instanceof RangeError) throw new ModuleFailure(`validate: ${error.message}`, { cause: error })
    throw error
  }
}

/** A connection that ended while the host was being changed: nobody knows how far it came. */
function lostWhileWriting(error: unknown): unknown {
  if (!(error instanceof ConnectionError) || error.failure !== 'lost') return error
  const message = `${error.message}; the command may have run, wholly or in part`
  return new ConnectionError('lost', error.host, message, error.hint, error)
}

function variablesOf(variables: JsonObject): Map<string, Value> {
  return new Map(Object.entries(variables).map(([name, value]) => [name, fromJson(value)]))
}

/** Options of whitespace are said in the template's own first line, as Ansible has it. */
function headerOf(options: RenderOptions): string {
  const parts: string[] = []
  if (options.trimBlocks === false) parts.push('trim_blocks: False')
  if (options.lstripBlocks === true) parts.push('lstrip_blocks: True')
  return parts.length === 0 ? '' : `#jinja2: ${parts.join(', ')}\n`
}
