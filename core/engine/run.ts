import { DiagnosticError } from '../language/diagnostic.ts'
import { findStart } from '../playbook/selection.ts'
import { exitCode } from './exit-code.ts'
import { runPlay } from './play.ts'
import type { RunOutcome, RunRequest } from './request.ts'
import { Run } from './run-state.ts'

/** Runs playbooks over hosts. Never throws for what users or hosts do: that is in the events and the exit code. */
export async function run(request: RunRequest): Promise<RunOutcome> {
  const started = performance.now()
  const state = new Run(request)
  const silence = request.interrupts?.onInterrupt((level) =>
    state.interrupts.raise(level, (waiting) =>
      state.events.emit({
        event: 'interrupted',
        level,
        waiting_for: waiting.map(({ task, host }) => ({ task, host })),
      }),
    ),
  )
  state.events.emit({
    event: 'run_started',
    version: request.version ?? '0.0.0',
    playbooks: request.playbooks.map((one) => one.file),
    check: state.check,
    diff: state.diff,
  })
  try {
    await runPlays(state)
  } catch (error) {
    state.error = true
    if (error instanceof DiagnosticError) state.diagnose(error.diagnostics)
    else bug(state, error)
  } finally {
    silence?.()
    await state.sessions.releaseAll()
  }
  const stats = state.stats.toJson()
  const undecided = state.stats.undecidedToJson()
  const counters = Object.values(stats)
  const code = exitCode({
    interrupted: state.interrupts.interrupted,
    error: state.error,
    failed: counters.some((one) => one.failed > 0),
    unreachable: counters.some((one) => one.unreachable > 0),
  })
  state.events.emit({
    event: 'run_finished',
    stats,
    undecided,
    exit_code: code,
    duration_ms: Math.round(performance.now() - started),
    ...(state.interrupts.interrupted && { stopped_at: state.interrupts.stoppedAt ?? 'between two tasks' }),
  })
  return { exitCode: code, stats, undecided }
}

async function runPlays(state: Run): Promise<void> {
  const plays = state.request.playbooks.flatMap((one) => one.plays)
  const { startAtTask } = state.request
  if (startAtTask !== undefined) {
    state.startStep = findStart(plays, startAtTask)
    if (!state.startStep) {
      state.error = true
      state.diagnose([
        {
          severity: 'error',
          code: 'no-such-task',
          message: `no task is named '${startAtTask}'`,
          hint: 'see --list-tasks',
        },
      ])
      return
    }
  }
  let number = 0
  for (const { plays } of state.request.playbooks) {
    for (const play of plays) if (!(await runPlay(state, play, `p${++number}`))) return
    // Playbooks behind one in which hosts were lost are not begun, as with Ansible.
    if (state.hosts.all().some((host) => host.failed || host.unreachable)) return
  }
}

function bug(state: Run, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  state.request.log?.('error', 'the run ended with an unexpected error', { code: 'engine-bug', stack: text })
  const message = `internal error [engine-bug]: ${error instanceof Error ? error.message : String(error)}`
  state.diagnose([
    { severity: 'error', code: 'engine-bug', message, hint: 'please report it; the log has the details' },
  ])
}
