import type { Json } from '../../events/json.ts'
import type { AnyModule } from '../../module/types.ts'
import { type HostMaker, taskHosts } from '../host/task-hosts.ts'
import { hostScope } from '../variables/hostvars.ts'
import type { LayeredScope } from '../variables/scope.ts'
import { argumentsOf, constantArguments } from './arguments.ts'
import { textOf } from './keywords.ts'
import type { Turn } from './turn.ts'

/** What is told by variables alone, before a host is asked anything: one task on one host, with one item of its loop. */
export interface Groundwork {
  readonly scope: LayeredScope
  /** Validated. */
  readonly args: Json
  /** Host that does the work. */
  readonly target: string
  /** Control modules have no host. */
  readonly hosts: HostMaker | undefined
}

export type GroundworkFor = Pick<Turn, 'batch' | 'task' | 'host' | 'check' | 'diff'>

export async function groundworkOf(turn: GroundworkFor, module: AnyModule, scope: LayeredScope): Promise<Groundwork> {
  const { task, batch } = turn
  const args = constantArguments(task, module) ?? (await argumentsOf(task, module, scope, batch.run.omit))
  const { delegateTo } = task
  const target = (delegateTo === undefined ? undefined : await textOf(delegateTo, scope)) ?? turn.host.name
  if (module.kind === 'control') return { scope, args, target, hosts: undefined }
  const hosts = hostsOf(turn, scope, target)
  return { scope, args, target, hosts: hosts instanceof Promise ? await hosts : hosts }
}

/** How the host that does the work is reached, and as whom; a promise only where something has to be evaluated. */
export function hostsOf(turn: GroundworkFor, scope: LayeredScope, target: string): HostMaker | Promise<HostMaker> {
  const { batch, task, host, check, diff } = turn
  const targetScope = target === host.name ? scope : hostScope(batch.run, target)
  return taskHosts({ batch, task, owner: host.name, target, targetScope, scope, check, diff })
}
