import { defaults } from './defaults.ts'
import { droppings } from './dropped.ts'
import { equals } from './equal.ts'
import { alikes, keys } from './identity.ts'
import { runnings } from './running.ts'
import { spellings } from './spelling.ts'
import type { Rule } from './types.ts'

/** Everything by which definitions are compared. A test takes each out in turn, and something must differ then. */
export const rules: readonly Rule[] = [
  ...spellings,
  ...equals,
  ...droppings,
  ...defaults,
  ...keys,
  ...alikes,
  ...runnings,
]
