import type { JsonObject } from '../../events/json.ts'
import type { RunModule } from '../../module/types.ts'
import { reachOf, subjectsOf } from '../check/subjects.ts'
import { type Answer, answer } from './answer.ts'
import type { Call } from './call.ts'

// biome-ignore lint/suspicious/noExplicitAny: the engine runs modules of every argument type
type AnyRun = RunModule<any, JsonObject>

/** An act: run, or in check mode what can be told without it. */
export async function runAct(module: AnyRun, call: Call): Promise<Answer> {
  if (call.check) return checked(module, call)
  if (module.shielded) call.shield()
  let isWriting = false
  const writer = call.writer(module.shielded ?? false, (ordered) => {
    isWriting = true
    if (ordered) call.behindWrites()
  })
  try {
    return acted(await module.run(writer, call.args))
  } finally {
    if (!isWriting) call.waited()
  }
}

function acted(returned: JsonObject & { changed: boolean }): Answer {
  const { changed, failed, skipped, ...result } = returned
  const message = typeof result.msg === 'string' && result.msg !== '' ? result.msg : undefined
  if (failed === true) return answer({ status: 'failed', changed, result, message })
  if (skipped === true) return answer({ status: 'skipped', changed: false, result, message })
  return answer({ status: 'done', changed, result, message })
}

async function checked(module: AnyRun, call: Call): Promise<Answer> {
  const told = module.check ? await module.check(call.reader(), call.args) : undefined
  const subjects = subjectsOf(call.args)
  if (told && !('reason' in told && told.skipped === true))
    return checkedAct(module, call, told as JsonObject & { changed: boolean })
  const reason = told && 'reason' in told ? String(told.reason) : `${module.name} is not run in check mode`
  if (call.harmless) return answer({ status: 'skipped', cause: call.task, message: reason })
  call.taint({ local: false, reach: reachOf(module), subjects })
  return answer({ status: 'undecided', cause: call.task, message: `not run: ${reason}` })
}

/** The module could tell; whether it still holds after the unapplied changes is another question. */
function checkedAct(module: AnyRun, call: Call, told: JsonObject & { changed: boolean }): Answer {
  const subjects = subjectsOf(call.args)
  const done = acted(told)
  if (done.changed) {
    call.taint({ local: false, reach: reachOf(module), subjects })
    return { ...done, unapplied: new Map() }
  }
  const taint = call.harmless ? undefined : call.taints?.affecting(call.host, call.instance, subjects)
  if (!taint) return done
  call.taint({ local: false, reach: reachOf(module), subjects })
  return answer({
    status: 'undecided',
    cause: taint.task,
    message: `nothing to do now, but task '${taint.task}' was not applied`,
  })
}
