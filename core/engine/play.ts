import pLimit from 'p-limit'
import { DiagnosticError, errorAt, resolveAsync, str, UnknownValueError, type Value } from '../language/index.ts'
import { allSteps } from '../playbook/notifications.ts'
import { isSelected } from '../playbook/selection.ts'
import type { Play, Step } from '../playbook/types.ts'
import { Batch } from './batch.ts'
import { rootFrame } from './frame.ts'
import { factsTask } from './gather-facts.ts'
import { flushHandlers, tellLostHandlers } from './handlers/flush.ts'
import type { HostRecord } from './host-record.ts'
import { ordered } from './order.ts'
import type { Run } from './run-state.ts'
import { batchesOf } from './serial.ts'
import { runTask } from './steps/task.ts'
import { walk } from './steps/walk.ts'
import { flag } from './task/keywords.ts'
import { variableLayers } from './variables/layers.ts'
import { MagicVariables } from './variables/magic.ts'
import { LayeredScope } from './variables/scope.ts'
import { readVarsFiles } from './vars-files.ts'

/** A play, batch by batch. Answers false where the run must not go on with the next play. */
export async function runPlay(run: Run, play: Play, playId: string): Promise<boolean> {
  const scope = playScope(run, play)
  const pattern = await resolveAsync(play.hosts, scope)
  const whole = run.inventory.inventory.match(patternText(pattern)).hosts
  const { hosts, diagnostics } = run.inventory.inventory.match(patternText(pattern), run.request.limit)
  run.diagnose(diagnostics)
  const name = str(await resolveAsync(play.name, scope).catch(() => play.name))
  const all = ordered(hosts, play.order).filter((host) => isUsable(run.hosts.of(host)))
  run.events.emit({ event: 'play_started', play: playId, name, hosts: all, at: play.at })
  const serial = play.serial === undefined ? undefined : await resolveAsync(play.serial, scope)
  const batches = batchesOf(all, serial, play.at)
  let leases: boolean | undefined
  for (const [index, members] of batches.entries()) {
    if (members.length === 0) break
    leases ??= await playFlag(run, play, 'lease', true)
    const prompted = run.request.promptedVars?.(play)
    const batch = new Batch({
      run,
      play,
      playId,
      number: index + 1,
      allHosts: all,
      hosts: members,
      pattern: whole,
      leases,
      prompted,
    })
    run.events.emit({ event: 'batch_started', play: playId, batch: index + 1, hosts: members })
    await runBatch(batch)
    tellLostHandlers(batch)
    const nobodyLeft = members.every((host) => !isUsable(run.hosts.of(host)))
    if (run.halted || run.error || run.interrupts.interrupted || batch.endsPlay) break
    // With all of a batch lost, the next one would only lose more; the plays behind it build on this one.
    if (nobodyLeft) {
      run.halted = true
      break
    }
  }
  run.events.emit({ event: 'play_finished', play: playId })
  return !run.halted && !run.error && !run.interrupts.interrupted
}

/** A keyword of a play that is yes or no. In check mode it may not be known yet: then it is as where nothing is said. */
async function playFlag(run: Run, play: Play, keyword: YesOrNo, otherwise: boolean): Promise<boolean> {
  try {
    return await flag(play[keyword], playScope(run, play), NAMES[keyword], otherwise)
  } catch (error) {
    if (error instanceof UnknownValueError) return otherwise
    throw error
  }
}

const NAMES = { lease: 'lease', gatherFacts: 'gather_facts', forceHandlers: 'force_handlers' } as const
type YesOrNo = keyof typeof NAMES

const isUsable = (host: HostRecord): boolean => !host.failed && !host.unreachable

function patternText(value: Value): string[] {
  return Array.isArray(value) ? value.map(str) : [str(value)]
}

/** What the keywords of the play itself may use: extra variables and the play's own. */
function playScope(run: Run, play: Play): LayeredScope {
  const host = run.hosts.of('localhost')
  const magic = new MagicVariables({
    run,
    host: 'localhost',
    play,
    check: run.check,
    diff: run.diff,
    hostvars: run.hostvars,
  })
  return new LayeredScope(
    variableLayers({ host, extraVars: run.request.extraVars, magic, play }),
    run.environment([play.folder]),
  )
}

async function runBatch(batch: Batch): Promise<void> {
  const { play, run } = batch
  const late = await loadVarsFiles(batch, batch.alive())
  if (isReached(batch) && (await playFlag(run, play, 'gatherFacts', true))) await gather(batch)
  for (const host of late) if (batch.isAlive(host.name)) await demandVarsFiles(batch, host)
  // Forced handlers are for hosts that failed, too.
  const forced = run.request.forceHandlers || (await playFlag(run, play, 'forceHandlers', false))
  const members = batch.hosts.map((name) => run.hosts.of(name))
  for (const steps of [play.preTasks, [...play.roleTasks, ...play.tasks], play.postTasks]) {
    await section(batch, steps)
    await flushHandlers(batch, members, rootFrame, walk, forced, steps === play.postTasks)
  }
}

/** With --start-at-task, the play of that task is the first to gather facts. */
function isReached({ run, play }: Batch): boolean {
  if (run.started || !run.startStep) return true
  return [...allSteps(play)].includes(run.startStep)
}

async function gather(batch: Batch): Promise<void> {
  const task = factsTask(batch.play)
  const { tags, skipTags } = batch.run.request
  if (batch.stopped || !isSelected(task.tags, { tags, skipTags }) || batch.alive().length === 0) return
  await runTask(batch, task, batch.alive(), rootFrame, walk)
}

/** Steps by the strategy of the play. */
async function section(batch: Batch, steps: readonly Step[]): Promise<void> {
  if (steps.length === 0) return
  if (batch.play.strategy === 'linear') return walk(batch, steps, batch.alive(), rootFrame)
  // host_pinned holds a place from a host's first task to its last; under free each task has its turn.
  const places = pLimit(batch.play.strategy === 'host_pinned' ? batch.run.forks : batch.hosts.length)
  await Promise.all(batch.alive().map((host) => places(() => walk(batch, steps, [host], rootFrame))))
}

/** Answers the hosts whose files can only be named with facts. */
async function loadVarsFiles(batch: Batch, hosts: readonly HostRecord[]): Promise<HostRecord[]> {
  if (batch.play.varsFiles.length === 0) return []
  const late: HostRecord[] = []
  for (const host of hosts) {
    try {
      await readVarsFiles(batch, host)
    } catch {
      late.push(host)
    }
  }
  return late
}

async function demandVarsFiles(batch: Batch, host: HostRecord): Promise<void> {
  try {
    await readVarsFiles(batch, host)
  } catch (error) {
    if (error instanceof DiagnosticError) batch.diagnose(error.diagnostics)
    else if (error instanceof UnknownValueError) batch.diagnose([errorAt('vars-files', error.message, batch.play.at)])
    else throw error
    batch.halted = 'vars_files cannot be read'
  }
}
