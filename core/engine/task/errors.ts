import { CommandTimeout, ConnectionError, OutputTooLarge } from '../../connection/errors.ts'
import type { JsonObject } from '../../events/json.ts'
import {
  DiagnosticError,
  fromJson,
  PythonError,
  UndefinedVariableError,
  UnknownValueError,
} from '../../language/index.ts'
import { Unknown } from '../../language/values.ts'
import { LibvirtError } from '../../libvirt/types.ts'
import { ModuleFailure } from '../../module/types.ts'
import { HostLeased } from '../host/sessions.ts'
import type { Outcome } from './outcome.ts'

/** What an error is judged by. */
export interface ErrorContext {
  readonly task: string
  readonly register: string | undefined
  readonly interrupted: boolean
  readonly timedOutAfter: number | undefined
  /** Check mode: an earlier unapplied task that may be why. */
  readonly unapplied: string | undefined
  /** Check mode: an include of variables or tasks was not decided, so names may be missing. */
  readonly missingNames: string | undefined
  readonly log: (message: string, details: Record<string, unknown>) => void
}

/** An exception of one host's task as its result. What is none of the known kinds is a bug of ours, and says so. */
export function outcomeOfError(error: unknown, context: ErrorContext): Outcome {
  if (error instanceof UnknownValueError) {
    return undecided(error.task, `${error.path} is not known before task '${error.task}' has been applied`, context)
  }
  if (context.interrupted && isAbort(error)) return outcome('cancelled', 'interrupted', {})
  if (context.timedOutAfter !== undefined && isAbort(error)) {
    return outcome('failed', `the task took longer than its timeout of ${context.timedOutAfter} s and was ended`, {
      timedout: { period: context.timedOutAfter },
    })
  }
  if (error instanceof UndefinedVariableError && context.missingNames !== undefined) {
    return undecided(context.missingNames, error.message, context)
  }
  if (error instanceof ConnectionError) {
    if (context.unapplied !== undefined && error.failure.startsWith('become-')) {
      return undecided(context.unapplied, `${error.message}; task '${context.unapplied}' was not applied`, context)
    }
    return outcome('unreachable', error.message, { unreachable: true }, error.hint)
  }
  if (error instanceof HostLeased) {
    return outcome('unreachable', error.message, { unreachable: true }, 'wait for that run, or end it')
  }
  const failure = failureOf(error)
  if (!failure) return bug(error, context)
  if (context.unapplied !== undefined && !(error instanceof DiagnosticError)) {
    return undecided(context.unapplied, `${failure.message}; task '${context.unapplied}' was not applied`, context)
  }
  return outcome('failed', failure.message, failure.result, failure.hint)
}

/** Something that a host, libvirt or a module said: no bug, and nothing that is only not known yet. */
export const isAnswer = (error: unknown): boolean =>
  error instanceof ConnectionError || error instanceof HostLeased || failureOf(error) !== undefined

function failureOf(error: unknown): { message: string; result: JsonObject; hint?: string | undefined } | undefined {
  if (error instanceof ModuleFailure) return { message: error.message, result: error.result ?? {}, hint: error.hint }
  if (error instanceof LibvirtError) {
    return { message: error.message, result: error.code === undefined ? {} : { libvirt_code: error.code } }
  }
  if (error instanceof CommandTimeout || error instanceof OutputTooLarge) return { message: error.message, result: {} }
  if (error instanceof PythonError) return { message: error.message, result: {} }
  if (error instanceof DiagnosticError) {
    const places = error.diagnostics.map((d) =>
      d.at ? `${d.message} (${d.at.file}:${d.at.line}:${d.at.column})` : d.message,
    )
    return { message: places.join('; '), result: {}, hint: error.diagnostics.find((d) => d.hint !== undefined)?.hint }
  }
  return undefined
}

/** Not on this host's account: the code is to be reported, the stack is in the log. */
function bug(error: unknown, context: ErrorContext): Outcome {
  const name = error instanceof Error ? error.name : typeof error
  context.log('a task ended with an unexpected error', {
    code: 'engine-bug',
    task: context.task,
    stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
  const text = error instanceof Error ? error.message : String(error)
  return outcome(
    'failed',
    `internal error [engine-bug] ${name}: ${text}`,
    {},
    'please report this; the log has the details',
  )
}

export function undecided(cause: string, message: string, context: Pick<ErrorContext, 'register' | 'task'>): Outcome {
  return {
    status: 'undecided',
    value: new Unknown(context.task, context.register ?? 'result'),
    json: {},
    changes: [],
    diff: [],
    message,
    cause,
  }
}

function outcome(
  status: 'failed' | 'unreachable' | 'cancelled',
  message: string,
  more: JsonObject,
  hint?: string,
): Outcome {
  const json: JsonObject = { changed: false, ...more, failed: status === 'failed', msg: message }
  return { status, value: fromJson(json), json, changes: [], diff: [], message, hint }
}

function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.name === 'AbortError' || error.name === 'TimeoutError' || error.message === 'interrupted'
}
