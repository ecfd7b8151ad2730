import type { Position } from '../../events/types.ts'
import { DiagnosticError, errorAt, resolveAsync, type Scope, str, truth, type Value } from '../../language/index.ts'

/** A keyword that is yes or no, perhaps by a template. */
export async function flag(value: Value | undefined, scope: Scope, otherwise: boolean): Promise<boolean> {
  if (value === undefined || value === null) return otherwise
  const resolved = await resolveAsync(value, scope)
  if (typeof resolved !== 'string') return truth(resolved)
  return ['yes', 'on', '1', 'true', 't', 'y'].includes(resolved.trim().toLowerCase())
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
