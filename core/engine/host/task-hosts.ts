import type { Become, Connection, Endpoint } from '../../connection/types.ts'
import type { RpcSessions } from '../../libvirt/rpc/index.ts'
import type { ControllerFiles, FactStore, Host } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { OnWrite } from '../modules/call.ts'
import type { Run } from '../run-state.ts'
import { flag } from '../task/keywords.ts'
import { searchFolders } from '../variables/magic.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { accessOf } from './access.ts'
import { environmentOf } from './environment.ts'
import { factStore } from './fact-folder.ts'
import { TaskFiles } from './files.ts'
import { TaskHost, type TaskHostTies } from './task-host.ts'

/** For whom hosts are made: a task, seen from one host. */
export interface HostRequest {
  readonly batch: Batch
  readonly task: Task
  /** Host whose task it is: progress and lines are told under its name. */
  readonly owner: string
  /** Host that does the work, and its own variables for reaching it. */
  readonly target: string
  readonly targetScope: LayeredScope
  /** The task's variables. */
  readonly scope: LayeredScope
  readonly check: boolean
  readonly diff: boolean
}

export interface HostKind {
  /** Id of the task in the events; undefined while it runs ahead: nothing is told. */
  readonly id: () => string | undefined
  readonly signal: AbortSignal
  readonly shielded: boolean
  readonly onWrite?: OnWrite
  /** libvirt is spoken to by its own protocol: nothing runs ahead of the task, nor does the task. */
  readonly nativeLibvirt?: boolean
}

/** Makes the hosts that a module reads and writes; the connection opens at the first use. */
export interface HostMaker {
  readonly target: string
  /** Tells shells apart: the same host, reached in the same way, as the same user. */
  readonly shell: string
  make(kind: HostKind): Host
  /** The task is over: nothing that a module got from a host is used any more. */
  release(): void
}

export async function taskHosts(request: HostRequest): Promise<HostMaker> {
  const { batch, task, target, targetScope, scope } = request
  const { run } = batch
  const { endpoint, become, shell } = await accessOf(run, target, targetScope, task)
  const environment = task.environment.length === 0 ? NONE : await environmentOf(task.environment, scope)
  // What cannot be told is hidden.
  const hidden = task.noLog !== undefined && (await flag(task.noLog, scope, false).catch(() => true))
  return new TaskHosts(request, { endpoint, become, shell, environment, hidden })
}

const NONE: ReadonlyMap<string, string> = new Map()

interface Way {
  readonly endpoint: Endpoint
  readonly become: Become | undefined
  readonly shell: string
  readonly environment: ReadonlyMap<string, string>
  readonly hidden: boolean
}

class TaskHosts implements HostMaker {
  readonly request: HostRequest
  readonly way: Way
  /** Writes that are begun for whoever has the connection itself. */
  #open: (() => void)[] | undefined

  constructor(request: HostRequest, way: Way) {
    this.request = request
    this.way = way
  }

  get target(): string {
    return this.request.target
  }

  get shell(): string {
    return this.way.shell
  }

  make(kind: HostKind): Host {
    return new TaskHost(new Ties(this, kind))
  }

  handedOver(end: () => void): void {
    this.#open ??= []
    this.#open.push(end)
  }

  release(): void {
    for (const end of this.#open?.splice(0) ?? []) end()
  }
}

/** What ties a host of a task to its run. One for each task and host: so it has no closures. */
class Ties implements TaskHostTies {
  readonly #hosts: TaskHosts
  readonly #kind: HostKind

  constructor(hosts: TaskHosts, kind: HostKind) {
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

  get become(): Become | undefined {
    return this.#hosts.way.become
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
    return this.#connectTo(this.#hosts.way.endpoint)
  }

  async reconnect(): Promise<void> {
    await this.#run.sessions.forget(this.name)
    await this.#connectTo({ ...this.#hosts.way.endpoint, retries: 0 })
  }

  get libvirtSessions(): (() => Promise<RpcSessions>) | undefined {
    if (!this.#kind.nativeLibvirt) return undefined
    return async () => this.#run.sessions.libvirt(await this.connect())
  }

  opened(): void {
    this.#run.sessions.opened(this.name, this.#hosts.way.shell)
  }

  begin(ordered: boolean): () => void {
    const shell = ordered ? this.#hosts.way.shell : undefined
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
    const task = this.#kind.id()
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
    const { request, way } = this.#hosts
    const lease = !request.check && request.batch.play.lease !== false
    const onWaiting = (message: string): void => this.#tell(message)
    return this.#run.sessions.connect(endpoint, { signal: this.signal, become: way.become, lease, onWaiting })
  }

  #tell(message: string, percent?: number): void {
    const task = this.#kind.id()
    if (task === undefined) return
    const far = percent === undefined ? {} : { percent }
    this.#run.events.emit({ event: 'host_progress', task, host: this.#hosts.request.owner, message, ...far })
  }
}
