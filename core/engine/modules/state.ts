import type { JsonObject } from '../../events/json.ts'
import { type Change, ModuleFailure, type StateModule } from '../../module/types.ts'
import { isStableFact } from '../check/facts.ts'
import { surviving } from '../check/partly-known.ts'
import { reachOf, staysLocal, subjectsOf } from '../check/subjects.ts'
import { type Answer, answer, textsOf } from './answer.ts'
import type { Call } from './call.ts'
import { Verification } from './verification.ts'

// biome-ignore lint/suspicious/noExplicitAny: the engine runs modules of every argument and state type
type AnyState = StateModule<any, any, JsonObject>

/**
 * Probe, diff; then report, or apply and probe again: a `now` change that is still there is a failure. `ready` is a probe
 * that ran ahead.
 */
export async function runState(module: AnyState, call: Call, ready?: Promise<unknown>): Promise<Answer> {
  const probing = ready ?? module.probe(call.reader(), call.args)
  call.ahead()
  const state = await probing
  const changes = module.diff(state, call.args)
  if (changes.every((change) => change.effect === 'pending')) return unchanged(module, call, state, changes)
  if (call.check) return announced(module, call, state, changes)
  if (module.shielded) call.shield()
  const verification = new Verification(module, () => module.probe(call.reader(), call.args))
  const writer = call.writer(module.shielded ?? false, (ordered, answered) => {
    if (verification.written(ordered, answered)) call.behindWrites()
  })
  const returned = await module.apply(writer, call.args, state, changes)
  const after = await verification.state()
  const left = module.diff(after, call.args).filter((change) => change.effect === 'now')
  const result = { ...module.result(after, call.args), ...returned }
  if (left.length > 0) {
    throw new ModuleFailure(`did not converge: ${left.map(describe).join(', ')}`, {
      result: { ...result, changed: true },
    })
  }
  return answer({ status: 'done', changed: true, result, changes, diff: textsOf(changes) })
}

function unchanged(module: AnyState, call: Call, state: unknown, pending: readonly Change[]): Answer {
  const result = module.result(state, call.args)
  const why = pending.length > 0 ? `waits: ${pending.map(describe).join(', ')}` : module.why?.(state, call.args)
  const done = answer({ status: 'done', result, changes: pending, diff: textsOf(pending), message: why })
  const { taints } = call
  if (!taints) return done
  const subjects = subjectsOf(call.args)
  const facts = result.ansible_facts
  const taint = facts ? taints.latest(call.host, call.instance) : taints.affecting(call.host, call.instance, subjects)
  if (!taint) return done
  if (facts) return { ...done, ...withoutDoubtful(result), cause: taint.task }
  // What this task would then do belongs to the unapplied changes too.
  if (module.touches !== 'nothing') call.taint({ local: staysLocal(module), reach: reachOf(module), subjects })
  return answer({
    status: 'undecided',
    cause: taint.task,
    message: `nothing to do now, but task '${taint.task}' was not applied`,
  })
}

/** Facts that an unapplied change may have made untrue are named instead of given. */
function withoutDoubtful(result: JsonObject): Pick<Answer, 'result' | 'doubtfulFacts'> {
  const facts = Object.entries(result.ansible_facts as JsonObject)
  const stable = Object.fromEntries(facts.filter(([name]) => isStableFact(name)))
  const doubtfulFacts = facts.map(([name]) => name).filter((name) => !isStableFact(name))
  return { result: { ...result, ansible_facts: stable }, doubtfulFacts }
}

function announced(module: AnyState, call: Call, state: unknown, changes: readonly Change[]): Answer {
  const subjects = subjectsOf(call.args, changes)
  call.taint({ local: staysLocal(module), reach: reachOf(module), subjects })
  const before = module.result(state, call.args)
  return answer({
    status: 'done',
    changed: true,
    changes,
    diff: textsOf(changes),
    unapplied: surviving(before, call.args),
  })
}

const describe = (change: Change): string =>
  change.note === undefined ? change.path : `${change.path} (${change.note})`
