import type { Connection, Endpoint } from '../../connection/types.ts'
import type { Host } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { OnWrite } from '../modules/call.ts'
import { flag } from '../task/keywords.ts'
import { searchFolders } from '../variables/magic.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { accessOf } from './access.ts'
import { environmentOf } from './environment.ts'
import { factStore } from './fact-folder.ts'
import { TaskFiles } from './files.ts'
import { TaskHost } from './task-host.ts'

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
  const { batch, task, target, targetScope, scope, owner } = request
  const { run } = batch
  const { endpoint, become, shell } = await accessOf(run, target, targetScope, task)
  const environment = await environmentOf(task.environment, scope)
  const files = new TaskFiles(searchFolders(batch.play, task.role, task.at.file), run.fileCache)
  // What cannot be told is hidden.
  const hidden = task.noLog !== undefined && (await flag(task.noLog, scope, false).catch(() => true))
  const lease = !request.check && batch.play.lease !== false
  const open: (() => void)[] = []
  return {
    target,
    shell,
    release: () => {
      for (const end of open.splice(0)) end()
    },
    make({ id, signal, shielded, onWrite, nativeLibvirt }) {
      const tell = (message: string, percent?: number): void => {
        const told = id()
        if (told === undefined) return
        const far = percent === undefined ? {} : { percent }
        run.events.emit({ event: 'host_progress', task: told, host: owner, message, ...far })
      }
      const connect = (to: Endpoint): Promise<Connection> =>
        run.sessions.connect(to, { signal, become, lease, onWaiting: tell })
      return new TaskHost({
        name: target,
        scope,
        signal,
        check: request.check,
        wantsDiff: request.diff,
        become,
        environment,
        files,
        shielded,
        connect: () => connect(endpoint),
        reconnect: async () => {
          await run.sessions.forget(target)
          await connect({ ...endpoint, retries: 0 })
        },
        ...(nativeLibvirt && { libvirtSessions: async () => run.sessions.libvirt(await connect(endpoint)) }),
        opened: () => run.sessions.opened(target, shell),
        begin: (ordered) => run.speculation.begin(target, ordered ? shell : undefined, owner),
        sent: (ordered, answered) => onWrite?.(ordered, answered),
        // Whoever has the connection itself may write at any time.
        handOver: () => void open.push(run.speculation.begin(target, undefined, owner)),
        progress: (message, percent) => (hidden ? undefined : tell(message, percent)),
        line: (stream, line) => {
          const told = id()
          if (told !== undefined && !hidden)
            run.events.emit({ event: 'host_line', task: told, host: owner, stream, line })
        },
        secret: (value) => void run.request.redactor.add(value),
        ...(run.request.facts && { factStore: factStore(run.request.facts, target) }),
      })
    },
  }
}
