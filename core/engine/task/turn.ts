import type { Variables } from '../../language/values.ts'
import type { Include, Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'
import type { Frontier } from '../speculation/ledger.ts'
import { guarded } from '../speculation/moods.ts'
import type { Pending } from '../speculation/pending.ts'
import type { Place } from '../speculation/upcoming.ts'
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
  /** The same as `id`, for what must not number ids. */
  readonly key: string
  /** What comes behind it, if nothing fails; undefined: nobody looks ahead from here. */
  readonly after: Place | undefined
  /** What had been written when the task began here, on any host; set when it begins. */
  since: Frontier
  /** Check mode for this task. */
  readonly check: boolean
  readonly diff: boolean
  /** A keyword that decides where or how it acts cannot be told, and why: it does nothing. */
  readonly refused?: { readonly reason: unknown }
  /** `no_log`: told when the task is performed. */
  readonly hidden?: boolean
  /** Variables as they are when the turn begins; what was resolved in it is remembered. */
  readonly given: LayeredScope
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
  /** For a look ahead: what tasks before this one have yet to tell. */
  readonly pending?: Pending
}

/** The variables of a step on a host; without a step, those of the play. */
export function scopeOf(from: ScopeSources, local?: Variables): LayeredScope {
  return scopesOf(from)(local)
}

/** Makes scopes of one step on one host, each with the variables of an item of its loop above the others. */
export function scopesOf(from: ScopeSources): (local?: Variables) => LayeredScope {
  const { batch, frame, host, step, pending } = from
  const { run, play } = batch
  const magic = new MagicVariables({
    run,
    host: host.name,
    play,
    batch,
    role: step?.role,
    environment: step?.environment,
    check: from.check,
    diff: from.diff,
    hostvars: run.hostvars,
  })
  const layers = variableLayers({
    host,
    results: pending ? pending.results(host.setFacts) : host.setFacts,
    extraVars: run.request.extraVars,
    magic: pending ? pending.magic(magic) : magic,
    play,
    prompted: batch.prompted,
    varsFiles: batch.varsFiles(host.name),
    taskVars: step?.vars,
    role: step?.role,
    includeParams: frame.includeParams,
  })
  const environment = run.environment(step ? searchFolders(play, step) : [play.folder])
  const own = pending ? guarded(environment, pending) : environment
  return (local) => new LayeredScope(local && local.size > 0 ? [local, ...layers] : layers, own)
}
