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
import { notYesOrNo } from '../../playbook/keywords.ts'

/** A keyword that is yes or no, perhaps by a template; `otherwise` where it is not given, or `omit`. Raises TemplateError, and DiagnosticError for what says neither. */
export async function flag(
  value: Value | undefined,
  scope: Scope,
  keyword: string,
  otherwise: boolean,
): Promise<boolean> {
  if (value === undefined || value === null) return otherwise
  const resolved = await resolveAsync(value, scope)
  if (typeof resolved === 'string' && resolved === scope.get('omit')) return otherwise
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
  if (value === undefined || value === null) return undefined
  const text = str(await resolveAsync(value, scope))
  const number = Number(text.replace(/%$/, ''))
  if (text.trim() !== '' && Number.isFinite(number)) return number
  throw new DiagnosticError([errorAt('bad-value', `${keyword} must be a number, not '${text}'`, at)])
}

/** A keyword that is text; undefined where it is not given or empty. */
export async function textOf(value: Value | undefined, scope: Scope): Promise<string | undefined> {
  if (value === undefined || value === null) return undefined
  const text = str(await resolveAsync(value, scope))
  return text === '' ? undefined : text
}
