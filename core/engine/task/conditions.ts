import { evaluateConditionAsync, isTruthy, type Scope } from '../../language/index.ts'
import type { CompiledExpression } from '../../language/types.ts'
import type { Turn } from './turn.ts'

/** The place of the first condition that does not hold; undefined when all do. Raises what the evaluation raises. */
export async function firstFalse(
  conditions: readonly CompiledExpression[],
  scope: Scope,
): Promise<CompiledExpression | undefined> {
  for (const one of conditions) if (!(await evaluateConditionAsync(one, scope))) return one
  return undefined
}

/** `changed_when: false`, written out: the user says that the task changes nothing. */
export function isHarmless(turn: Pick<Turn, 'task' | 'given'>): boolean {
  return (turn.task.changedWhen ?? []).some((one) => one.names.length === 0 && isFalse(one, turn.given))
}

function isFalse(condition: CompiledExpression, scope: Scope): boolean {
  try {
    return !isTruthy(condition.evaluate(scope))
  } catch {
    return false
  }
}
