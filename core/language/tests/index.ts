import { withCollections } from '../filters/registry.ts'
import type { TestFunction } from '../types.ts'
import { fileTests } from './file.ts'
import { jinjaTests } from './jinja.ts'
import { matchTests } from './match.ts'
import { resultTests } from './result.ts'
import { uriTests } from './uri.ts'
import { versionTests } from './version.ts'

/** Jinja's and Ansible's tests by name, also with the names of their collections in front. */
export const builtinTests: ReadonlyMap<string, TestFunction> = withCollections([
  ...jinjaTests,
  ...resultTests,
  ...matchTests,
  ...fileTests,
  ...versionTests,
  ...uriTests,
])
