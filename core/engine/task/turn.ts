import type { Variables } from '../../language/values.ts'
import type { Include, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import { variableLayers } from '../variables/layers.ts'
import { MagicVariables, searchFolders } from '../variables/magic.ts'
import { LayeredScope } from '../variables/scope.ts'

/** One task on one host: where it stands and what it sees. */
export interface Turn<T extends Task | Include = Task> {
  readonly batch: Batch
  readonly frame: Frame
  readonly task: T
  readonly host: HostRecord
  /** Id in the events. */
  readonly id: string
  /** Name as shown. */
  readonly name: string
  /** Check mode for this task. */
  readonly check: boolean
  readonly diff: boolean
  /** `no_log`: told when the task is performed. */
  readonly hidden?: boolean
  /** A new scope each time: what was resolved in another one is not remembered. */
  scope(local?: Variables): LayeredScope
}

export interface ScopeSources {
  readonly batch: Batch
  readonly frame: Frame
  readonly host: HostRecord
  readonly step: Task | Include | undefined
  readonly check: boolean
  readonly diff: boolean
}

/** The variables of a step on a host; without a step, those of the play. */
export function scopeOf(from: ScopeSources, local?: Variables): LayeredScope {
  const { batch, frame, host, step } = from
  const { run, play } = batch
  const magic = new MagicVariables({
    run,
    host: host.name,
    play,
    playHosts: () => ({ all: batch.allHosts, active: batch.playHostsLeft(), batch: batch.hosts }),
    role: step?.role,
    environment: step?.environment,
    check: from.check,
    diff: from.diff,
    hostvars: run.hostvars,
  })
  const layers = variableLayers({
    host,
    extraVars: run.request.extraVars,
    magic,
    play,
    prompted: batch.prompted,
    varsFiles: batch.varsFiles(host.name),
    taskVars: step?.vars,
    role: step?.role,
    includeParams: frame.includeParams,
    local,
  })
  return new LayeredScope(layers, run.environment(searchFolders(play, step?.role, step?.at.file)))
}
