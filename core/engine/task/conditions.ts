import { evaluateConditionAsync, type Scope } from '../../language/index.ts'
import type { CompiledExpression } from '../../language/types.ts'

/** The place of the first condition that does not hold; undefined when all do. Raises what the evaluation raises. */
export async function firstFalse(
  conditions: readonly CompiledExpression[],
  scope: Scope,
): Promise<CompiledExpression | undefined> {
  for (const one of conditions) if (!(await evaluateConditionAsync(one, scope))) return one
  return undefined
}
