import type { Connection, Endpoint } from '../../connection/types.ts'
import type { Host } from '../../module/types.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import { flag } from '../task/keywords.ts'
import { searchFolders } from '../variables/magic.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { accessOf, escalationOf } from './access.ts'
import { environmentOf } from './environment.ts'
import { TaskFiles } from './files.ts'
import { TaskHost } from './task-host.ts'
import { vaultOpener } from './vaulted.ts'

/** For whom hosts are made: a task, seen from one host. */
export interface HostRequest {
  readonly batch: Batch
  readonly task: Task
  /** Id of the task in the events. */
  readonly id: string
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

/** Makes the host that a module reads, and the one it writes; the connection opens at the first use. */
export async function taskHosts(
  request: HostRequest,
): Promise<(kind: { signal: AbortSignal; shielded: boolean }) => Host> {
  const { batch, task, target, targetScope, scope, owner, id } = request
  const { run } = batch
  const endpoint = await accessOf(target, targetScope, task, run.request.connection ?? {})
  const become = await escalationOf(target, targetScope, task, run.request.become ?? {})
  if (become?.password !== undefined) run.request.redactor.add(become.password)
  const environment = await environmentOf(task.environment, scope)
  const files = new TaskFiles(searchFolders(batch.play, task.role, task.at.file), vaultOpener(run.request))
  // What cannot be told is hidden.
  const hidden = await flag(task.noLog, scope, false).catch(() => true)
  const lease = !request.check && batch.play.lease !== false
  return ({ signal, shielded }) => {
    const tell = (message: string, percent?: number): void =>
      run.events.emit({
        event: 'host_progress',
        task: id,
        host: owner,
        message,
        ...(percent !== undefined && { percent }),
      })
    const progress = (message: string, percent?: number): void => (hidden ? undefined : tell(message, percent))
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
      progress,
      line: (stream, line) => {
        if (!hidden) run.events.emit({ event: 'host_line', task: id, host: owner, stream, line })
      },
      secret: (value) => void run.request.redactor.add(value),
    })
  }
}
