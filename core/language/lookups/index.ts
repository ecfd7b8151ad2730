import { withCollections } from '../filters/registry.ts'
import type { LookupFunction } from '../types.ts'
import { dataFileLookups } from './data-file.ts'
import { fileLookups } from './file.ts'
import { inventoryHostnames } from './hosts.ts'
import { listLookups } from './list.ts'
import { password } from './password.ts'
import { url } from './url.ts'
import { variableLookups } from './variable.ts'

/** Ansible's lookups by name, also with the names of their collections in front. */
export const builtinLookups: ReadonlyMap<string, LookupFunction> = withCollections([
  ...listLookups,
  ...variableLookups,
  ...fileLookups,
  ...dataFileLookups,
  ['inventory_hostnames', inventoryHostnames],
  ['password', password],
  ['url', url],
])
