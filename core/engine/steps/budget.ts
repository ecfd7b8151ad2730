import type { Task } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import { rootFrame } from '../frame.ts'
import { flag, numberOf } from '../task/keywords.ts'
import { scopeOf } from '../task/turn.ts'

/**
 * Whether a failure stops the others: any_errors_fatal, or more hosts lost than max_fail_percentage allows. Hosts that could
 * not be reached count as much as those that failed.
 */
export async function chargeBudget(batch: Batch, task: Task, failedNow: number): Promise<void> {
  if (failedNow === 0 || batch.halted !== undefined) return
  const { run, play } = batch
  const host = run.hosts.of(batch.hosts[0]!)
  const scope = scopeOf({ batch, frame: rootFrame, host, step: task, check: run.check, diff: run.diff })
  if (await flag(task.anyErrorsFatal, scope, false))
    return halt(batch, 'any_errors_fatal: a host failed, so the others stop too')
  const most = await numberOf(play.maxFailPercentage, scope, 'max_fail_percentage', play.at)
  if (most === undefined) return
  const lost = batch.hosts.filter((name) => {
    const one = run.hosts.of(name)
    return one.failed || one.unreachable
  }).length
  const percent = (lost / batch.hosts.length) * 100
  if (percent > most)
    halt(
      batch,
      `${lost} of ${batch.hosts.length} hosts failed or could not be reached: more than max_fail_percentage allows (${most} %)`,
    )
}

function halt(batch: Batch, why: string): void {
  batch.halted = why
  batch.run.halted = true
  batch.run.diagnose([{ severity: 'error', code: 'run-halted', message: why }])
}
