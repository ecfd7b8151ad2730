import type { Position } from '../../events/types.ts'
import { type Diagnostic, DiagnosticError, errorAt } from '../diagnostic.ts'
import type { CompiledExpression, CompiledTemplate } from '../types.ts'
import type { Template, TemplatePart } from '../values.ts'
import { Compiled, inline, templateOf } from './compiled.ts'
import { fileOptions } from './header.ts'
import type { Origin } from './origin.ts'
import { compileExpressionProgram, expressionLead } from './program.ts'

/** Text with template marks, as it stands in a file of the user's. Cached by content; DiagnosticError for bad syntax. */
export function compileTemplate(source: string, at: Position): CompiledTemplate {
  return templateOf({ source, at }, inline, true)
}

/** A Template, with the exact places of its lines. */
export function compile(template: Template): CompiledTemplate {
  return templateOf(template, inline, true)
}

/** A whole file as the template module reads it; its result is always text. */
export function templateFile(source: string, file: string): CompiledTemplate {
  const { origin, options } = fileOptions(source, file)
  return templateOf(origin, options, false)
}

/**
 * A bare expression, as in `when:` and `until:`. One that is wholly written in `{{ }}` is taken without them, with a
 * warning in its notes.
 */
export function compileExpression(source: string, at: Position, parts?: readonly TemplatePart[]): CompiledExpression {
  const braces = /^(\s*\{\{-?)([\s\S]*?)-?\}\}\s*$/.exec(source)
  const notes: Diagnostic[] = []
  let origin: Origin = { source, at, parts, lead: expressionLead.length }
  if (braces && !/\{\{|\}\}/.test(braces[2]!)) {
    const message = 'a condition is an expression already'
    notes.push({ severity: 'warning', code: 'condition-braces', message, at, hint: 'leave out {{ and }}' })
    origin = { ...origin, source: ' '.repeat(braces[1]!.length) + braces[2]! }
  } else if (/\{\{|\{%/.test(source.replaceAll(/'[^']*'|"[^"]*"/g, ''))) {
    const hint = 'write the variable without {{ and }}, and join texts with ~'
    throw new DiagnosticError([errorAt('condition-braces', 'an expression cannot contain {{ or {%', at, hint)])
  }
  const program = compileExpressionProgram(origin)
  return new Compiled(origin, program.tree, notes, (rt) => {
    if (program.mutates) rt.copies = new Map()
    return program.evaluate(rt)
  })
}
