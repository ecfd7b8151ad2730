import { collect } from '../inventory/index.ts'
import { type CompiledTemplate, compile, compileExpression, type Diagnostic, Template } from '../language/index.ts'
import { Tuple, type Value } from '../language/values.ts'
import { placeOf } from './argument-places.ts'
import { saidOf } from './inner-template.ts'
import { camel } from './keywords.ts'
import { sharedKeywords, shortName, taskKeywords } from './names.ts'
import type { Keywords, Loop, Play, Step } from './types.ts'

/** Templates in a value, compiled; bad syntax is reported. */
export function templatesIn(value: Value | undefined, diagnostics: Diagnostic[]): CompiledTemplate[] {
  if (value instanceof Template) {
    const compiled = collect(diagnostics, () => compile(value))
    return compiled ? [compiled] : []
  }
  if (Array.isArray(value)) return value.flatMap((item) => templatesIn(item, diagnostics))
  if (value instanceof Tuple) return value.items.flatMap((item) => templatesIn(item, diagnostics))
  if (value instanceof Map) return [...value.values()].flatMap((item) => templatesIn(item, diagnostics))
  return []
}

/** What a step evaluates itself: its conditions apart, and everything else, without the variables it defines. */
export interface StepTemplates {
  readonly conditions: readonly CompiledTemplate[]
  readonly others: readonly CompiledTemplate[]
  /** Evaluated leniently or later: only looked at for syntax and for unknown functions. */
  readonly lenient: readonly CompiledTemplate[]
}

export function stepTemplates(step: Step, diagnostics: Diagnostic[]): StepTemplates {
  const values = keywordValues(step)
  const lenient: (Value | undefined)[] = [step.name, ...step.vars.values(), ...step.environment]
  const conditions = [...step.when]
  const others: CompiledTemplate[] = []
  if (step.kind !== 'block') {
    values.push(...loopValues(step.loop))
    lenient.push(step.loop?.label)
  }
  if (step.kind === 'include') values.push(step.target, ...Object.values(step.options))
  if (step.kind === 'task') {
    lenient.push(...step.notify)
    values.push(step.args, step.argsTemplate, step.retries, step.delay)
    others.push(
      ...step.until,
      ...(step.changedWhen ?? []),
      ...(step.failedWhen ?? []),
      ...expressionArguments(step, diagnostics),
    )
  }
  others.push(...values.flatMap((value) => templatesIn(value, diagnostics)))
  return { conditions, others, lenient: lenient.flatMap((value) => templatesIn(value, diagnostics)) }
}

/** In the tree their names are in camel case. */
const KEYWORDS = [...sharedKeywords, ...taskKeywords].map((name) => camel(name) as KeywordName)
type KeywordName = Exclude<keyof Keywords, 'when' | 'vars' | 'environment' | 'collections'>

const keywordValues = (keywords: Keywords): (Value | undefined)[] =>
  KEYWORDS.flatMap((name) => [...saidOf(keywords[name])])

function loopValues(loop: Loop | undefined): (Value | undefined)[] {
  return loop ? [loop.items, loop.pause] : []
}

/** `assert: that:` holds bare expressions. */
function expressionArguments(step: Extract<Step, { kind: 'task' }>, diagnostics: Diagnostic[]): CompiledTemplate[] {
  if (shortName(step.module) !== 'assert' || !(step.args instanceof Map)) return []
  const that = step.args.get('that')
  const list = Array.isArray(that) ? that : [that]
  return list.flatMap((item, index) => {
    if (typeof item !== 'string') return []
    const path = Array.isArray(that) ? ['that', index] : ['that']
    const at = placeOf(step.args, path, 'value') ?? step.at
    const compiled = collect(diagnostics, () => compileExpression(item, at))
    return compiled ? [compiled] : []
  })
}

/** Templates of a play's own keywords. */
export function playTemplates(play: Play, diagnostics: Diagnostic[]): CompiledTemplate[] {
  const values: (Value | undefined)[] = [
    play.hosts,
    play.gatherFacts,
    play.gatherSubset,
    play.serial,
    play.maxFailPercentage,
    play.forceHandlers,
    play.lease,
    ...keywordValues(play),
    ...play.vars.values(),
    ...play.varsFiles,
    ...play.environment,
  ]
  for (const role of play.roles) values.push(...role.defaults.values(), ...role.vars.values(), ...role.params.values())
  return values.flatMap((value) => templatesIn(value, diagnostics))
}
