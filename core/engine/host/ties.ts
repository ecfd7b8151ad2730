import type { Become, Connection, Endpoint } from '../../connection/types.ts'
import type { RpcSessions } from '../../libvirt/rpc/index.ts'
import type { ControllerFiles, FactStore } from '../../module/types.ts'
import type { Run } from '../run-state.ts'
import { searchFolders } from '../variables/magic.ts'
import type { LayeredScope } from '../variables/scope.ts'
import type { Access } from './access.ts'
import { factStore } from './fact-folder.ts'
import { TaskFiles } from './files.ts'
import type { ConnectOptions } from './sessions.ts'
import type { TaskHostTies } from './task-host.ts'
import type { HostKind, HostRequest } from './task-hosts.ts'

/** How a task reaches its host, as it was found once for the task. */
export interface Way {
  readonly access: Access
  readonly environment: ReadonlyMap<string, string>
  readonly hidden: boolean
}

/** What the hosts of one task on one host have in common. */
export interface TiesSource {
  readonly request: HostRequest
  readonly way: Way
  readonly lease: boolean
  readonly watched: boolean
  /** The connection itself was given away; `end` is called when the task is over. */
  handedOver(end: () => void): void
}

/** What ties a host of a task to its run. There is one for each task and host, so it has no closures. */
export class Ties implements TaskHostTies, ConnectOptions {
  readonly #hosts: TiesSource
  readonly #kind: HostKind

  constructor(hosts: TiesSource, kind: HostKind) {
    this.#hosts = hosts
    this.#kind = kind
  }

  get name(): string {
    return this.#hosts.request.target
  }

  get scope(): LayeredScope {
    return this.#hosts.request.scope
  }

  get signal(): AbortSignal {
    return this.#kind.signal
  }

  get check(): boolean {
    return this.#hosts.request.check
  }

  get wantsDiff(): boolean {
    return this.#hosts.request.diff
  }

  wantsResult(path: readonly string[]): boolean {
    const { batch, task } = this.#hosts.request
    return batch.run.wantsResult(task, path)
  }

  get become(): Become | undefined {
    return this.#hosts.way.access.become
  }

  get shell(): string {
    return this.#hosts.way.access.shell
  }

  get lease(): boolean {
    return this.#hosts.lease
  }

  get watched(): boolean {
    return this.#hosts.watched
  }

  onWaiting(message: string): void {
    this.#tell(message)
  }

  get environment(): ReadonlyMap<string, string> {
    return this.#hosts.way.environment
  }

  get files(): ControllerFiles {
    const { batch, task } = this.#hosts.request
    return new TaskFiles(searchFolders(batch.play, task), batch.run.fileCache)
  }

  get shielded(): boolean {
    return this.#kind.shielded
  }

  get factStore(): FactStore | undefined {
    const { facts } = this.#run.request
    return facts && factStore(facts, this.name)
  }

  connect(): Promise<Connection> {
    if (this.#kind.id === undefined) return this.#run.sessions.join(this.name, this)
    return this.#connectTo(this.#hosts.way.access.endpoint)
  }

  reached(): void {
    this.#kind.asker?.reached()
  }

  async reconnect(): Promise<void> {
    await this.#run.sessions.forget(this.name)
    await this.#connectTo({ ...this.#hosts.way.access.endpoint, retries: 0 })
  }

  get libvirtSessions(): (() => Promise<RpcSessions>) | undefined {
    if (!this.#kind.nativeLibvirt) return undefined
    return async () => this.#run.sessions.libvirt(await this.connect())
  }

  opened(): void {
    this.#run.sessions.opened(this.name, this.shell)
  }

  begin(ordered: boolean): () => void {
    const shell = ordered ? this.shell : undefined
    return this.#run.speculation.begin(this.name, shell, this.#hosts.request.owner)
  }

  sent(ordered: boolean, answered: Promise<unknown>): void {
    this.#kind.onWrite?.(ordered, answered)
  }

  /** Whoever has the connection itself may write at any time. */
  handOver(): void {
    this.#hosts.handedOver(this.begin(false))
  }

  progress(message: string, percent?: number): void {
    if (!this.#hosts.way.hidden) this.#tell(message, percent)
  }

  line(stream: 'stdout' | 'stderr', line: string): void {
    const task = this.#kind.id
    if (task === undefined || this.#hosts.way.hidden) return
    this.#run.events.emit({ event: 'host_line', task, host: this.#hosts.request.owner, stream, line })
  }

  secret(value: string): void {
    this.#run.request.redactor.add(value)
  }

  get #run(): Run {
    return this.#hosts.request.batch.run
  }

  #connectTo(endpoint: Endpoint): Promise<Connection> {
    return this.#run.sessions.connect(endpoint, this)
  }

  #tell(message: string, percent?: number): void {
    const task = this.#kind.id
    if (task === undefined) return
    const far = percent === undefined ? {} : { percent }
    this.#run.events.emit({ event: 'host_progress', task, host: this.#hosts.request.owner, message, ...far })
  }
}
