import type { FilterFunction } from '../types.ts'
import { dataFilters } from './data.ts'
import { setFilters } from './distinct.ts'
import { hashFilters } from './hash.ts'
import { htmlFilters } from './html.ts'
import { ipFilters } from './ip/index.ts'
import { numberFilters } from './number.ts'
import { pathFilters } from './path.ts'
import { randomFilters } from './random.ts'
import { regexFilters } from './regex.ts'
import { withCollections } from './registry.ts'
import { selectFilters } from './select.ts'
import { sequenceFilters, zipLongest } from './sequence.ts'
import { textFilters } from './text.ts'
import { timeFilters } from './time.ts'
import { urlFilters } from './url.ts'
import { vaultFilters } from './vault.ts'

/** Jinja's and Ansible's filters by name, also with the names of their collections in front. */
export const builtinFilters: ReadonlyMap<string, FilterFunction> = withCollections([
  ...textFilters,
  ...htmlFilters,
  ...selectFilters,
  ...sequenceFilters,
  ...setFilters,
  ...numberFilters,
  ...dataFilters,
  ...regexFilters,
  ...hashFilters,
  ...randomFilters,
  ...pathFilters,
  ...urlFilters,
  ...timeFilters,
  ...ipFilters,
  ...vaultFilters,
  ['zip_longest', zipLongest],
])
