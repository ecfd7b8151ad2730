import type { Host } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { OnWrite } from '../modules/call.ts'
import { flag } from '../task/keywords.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { accessOf, knownAccess } from './access.ts'
import { environmentOf } from './environment.ts'
import { TaskHost } from './task-host.ts'
import { Ties, type TiesSource, type Way } from './ties.ts'

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
  /** Id of the task in the events; undefined while it runs ahead: nothing is told before its turn has come. */
  id: string | undefined
  readonly signal: AbortSignal
  readonly shielded: boolean
  readonly onWrite?: OnWrite | undefined
  /** Is told whenever the module has asked for its host, and the connection is there. */
  readonly asker?: { reached(): void }
  /** libvirt is spoken to by its own protocol: nothing runs ahead of the task, nor does the task. */
  readonly nativeLibvirt?: boolean
}

/** Makes the hosts that a module reads and writes; the connection opens at the first use. */
export interface HostMaker {
  readonly target: string
  /** Tells shells apart: the same host, reached in the same way, as the same user. */
  readonly shell: string
  /** The host is to be this run's. */
  readonly lease: boolean
  make(kind: HostKind): Host
  /** The task is over: nothing that a module got from a host is used any more. */
  release(): void
}

/** A promise only where something has to be evaluated. Raises, or rejects with, what an evaluation raises and DiagnosticError. */
export function taskHosts(request: HostRequest): HostMaker | Promise<HostMaker> {
  const { batch, task, target, targetScope } = request
  const isPlain = task.environment.length === 0 && task.noLog === undefined
  const access = isPlain ? knownAccess(batch.run, target, targetScope, task) : undefined
  return access ? new TaskHosts(request, { access, environment: NONE, hidden: false }) : foundHosts(request)
}

async function foundHosts(request: HostRequest): Promise<HostMaker> {
  const { batch, task, target, targetScope, scope } = request
  const access = await accessOf(batch.run, target, targetScope, task)
  const environment = task.environment.length === 0 ? NONE : await environmentOf(task.environment, scope)
  // What cannot be told is hidden.
  const hidden = task.noLog !== undefined && (await flag(task.noLog, scope, 'no_log', false).catch(() => true))
  return new TaskHosts(request, { access, environment, hidden })
}

const NONE: ReadonlyMap<string, string> = new Map()

class TaskHosts implements HostMaker, TiesSource {
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
    return this.way.access.shell
  }

  get lease(): boolean {
    const { check, batch } = this.request
    return !check && batch.leases
  }

  get watched(): boolean {
    const { check, batch } = this.request
    return check && batch.leases
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
