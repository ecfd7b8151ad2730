import type { Position } from '../../events/types.ts'
import {
  DiagnosticError,
  errorAt,
  repr,
  resolveAsync,
  type Scope,
  str,
  Template,
  type Value,
  yesOrNo,
} from '../../language/index.ts'
import { saidOf } from '../../playbook/inner-template.ts'
import { notYesOrNo } from '../../playbook/keywords.ts'

/** What a keyword comes to: where that is `omit`, what is said around it; undefined: nothing is said. Raises TemplateError. */
export async function keywordValue(value: Value | undefined, scope: Scope): Promise<Value | undefined> {
  for (const said of saidOf(value)) {
    const resolved = await resolveAsync(said, scope)
    if (!(said instanceof Template) || typeof resolved !== 'string' || resolved !== scope.get('omit')) return resolved
  }
  return undefined
}

/** A keyword that is yes or no; `otherwise` where it is not given. Raises TemplateError, and DiagnosticError for what says neither. */
export async function flag(
  value: Value | undefined,
  scope: Scope,
  keyword: string,
  otherwise: boolean,
): Promise<boolean> {
  return (await flagOf(value, scope, keyword)) ?? otherwise
}

/** The same, undefined where it is not given. */
export async function flagOf(value: Value | undefined, scope: Scope, keyword: string): Promise<boolean | undefined> {
  const resolved = await keywordValue(value, scope)
  if (resolved === undefined) return undefined
  const said = yesOrNo(resolved)
  if (said !== undefined) return said
  throw new DiagnosticError([notYesOrNo(keyword, repr(resolved), value instanceof Template ? value.at : undefined)])
}

/** A keyword that is a number; undefined where it is not given. */
export async function numberOf(
  value: Value | undefined,
  scope: Scope,
  keyword: string,
  at?: Position,
): Promise<number | undefined> {
  const resolved = await keywordValue(value, scope)
  if (resolved === undefined) return undefined
  const text = str(resolved)
  const number = Number(text.replace(/%$/, ''))
  if (text.trim() !== '' && Number.isFinite(number)) return number
  throw new DiagnosticError([errorAt('bad-value', `${keyword} must be a number, not '${text}'`, at)])
}

/** A keyword that is text; undefined where it is not given or empty. */
export async function textOf(value: Value | undefined, scope: Scope): Promise<string | undefined> {
  const resolved = await keywordValue(value, scope)
  if (resolved === undefined) return undefined
  const text = str(resolved)
  return text === '' ? undefined : text
}
