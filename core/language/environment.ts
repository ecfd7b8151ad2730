import { builtinFilters } from './filters/index.ts'
import { builtinGlobals } from './globals/index.ts'
import { builtinLookups } from './lookups/index.ts'
import { builtinTests } from './tests/index.ts'
import type { Environment } from './types.ts'

/** The filters, tests, lookups and functions of Ansible, without folders; `overrides` replaces whole members. */
export function defaultEnvironment(overrides: Partial<Environment> = {}): Environment {
  return {
    filters: builtinFilters,
    tests: builtinTests,
    lookups: builtinLookups,
    globals: builtinGlobals,
    folders: [],
    ...overrides,
  }
}
