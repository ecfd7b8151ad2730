import { DiagnosticError, fromJson, UnknownValueError } from '../../language/index.ts'
import { stepName } from '../../playbook/selection.ts'
import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import { flag, numberOf } from '../task/keywords.ts'
import type { Outcome } from '../task/outcome.ts'
import { scopeOf } from '../task/turn.ts'

/**
 * Whether a failure stops the others: any_errors_fatal, or more hosts lost than max_fail_percentage allows. Hosts that could
 * not be reached count as much as those that failed.
 */
export async function chargeBudget(batch: Batch, task: Task, failedNow: number, frame: Frame): Promise<void> {
  if (failedNow === 0 || batch.halted !== undefined) return
  const { run, play } = batch
  const host = run.hosts.of(batch.hosts[0]!)
  const scope = scopeOf({ batch, frame, host, step: task, check: run.check, diff: run.diff })
  try {
    if (await flag(task.anyErrorsFatal, scope, 'any_errors_fatal', false))
      return halt(batch, task, 'any_errors_fatal: a host failed, so the others stop too', frame)
    const most = await numberOf(play.maxFailPercentage, scope, 'max_fail_percentage', play.at)
    if (most === undefined) return
    const lost = batch.hosts.filter((name) => isLost(batch, name, frame)).length
    const percent = (lost / batch.hosts.length) * 100
    const what = `${lost} of ${batch.hosts.length} hosts failed or could not be reached`
    if (percent > most) halt(batch, task, `${what}: more than max_fail_percentage allows (${most} %)`, frame)
  } catch (error) {
    if (error instanceof DiagnosticError) batch.diagnose(error.diagnostics)
    // Check mode: nothing that the others do is worse for it.
    else if (error instanceof UnknownValueError) return
    else throw error
    halt(batch, task, 'the failure budget cannot be told', frame)
  }
}

/** Also those that only wait for an `always` around them; a rescue may still save the others. */
function isLost(batch: Batch, name: string, frame: Frame): boolean {
  const host = batch.run.hosts.of(name)
  if (host.failed || host.unreachable) return true
  return !frame.rescuable && frame.catchers.some((catcher) => catcher.has(name))
}

/** Hosts that go on nowhere; blocks around still run their `always`. */
function halt(batch: Batch, task: Task, why: string, frame: Frame): void {
  const json = { changed: false, failed: true, msg: why }
  const outcome: Outcome = { status: 'failed', value: fromJson(json), json, changes: [], diff: [], message: why }
  const catcher = frame.catchers.at(-1)
  for (const { name } of batch.alive()) {
    // It goes on to another place than what was found out ahead for it reckoned with.
    batch.run.speculation.strays(batch.run.hosts.of(name))
    if (catcher) catcher.add(name, { task: stepName(task), module: task.module, outcome })
    else batch.run.hosts.of(name).failed = true
  }
  batch.run.diagnose([{ severity: 'error', code: 'run-halted', message: why }])
}
