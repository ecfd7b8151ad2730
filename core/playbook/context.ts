import type { CompiledExpression, YamlNode } from '../language/types.ts'
import type { Value, Variables } from '../language/values.ts'
import type { Include, Keywords, Role, Step } from './types.ts'

/** Keywords of which the innermost wins. */
export type SingleKeywords = Omit<Keywords, 'when' | 'vars' | 'environment'>

/** What a step inherits from around it. */
export interface Context {
  readonly keywords: SingleKeywords
  readonly when: readonly CompiledExpression[]
  readonly vars: Variables
  readonly environment: readonly Value[]
  readonly tags: readonly string[]
  /** Arguments by module's short name. */
  readonly moduleDefaults: ReadonlyMap<string, Variables>
  readonly role: Role | undefined
  /** What comes before the place in an id: uses of roles and imports that led here. */
  readonly idPrefix: string
  /** Folder of the playbook. */
  readonly folder: string
  /** Files that import one another, outermost first: for finding circles. */
  readonly chain: readonly string[]
  /** Gathers what steps add to their play. */
  readonly play: PlayParts
}

export interface PlayParts {
  readonly roles: Role[]
  readonly handlers: Step[]
  /** Roles that ran, with their parameters: a second use is left out. */
  readonly seenRoles: Set<string>
  readonly lost: LostNames
}

/** What a part that could not be read may define: a mistake must not make others of what is right. */
export interface LostNames {
  readonly names: Set<string>
  /** Any name. */
  any: boolean
}

/** Not part of the tree: only validatePlaybook needs it. */
export const lostNames = new WeakMap<object, LostNames>()

/** Where an include stands, for loading it later. */
export interface IncludeOrigin {
  readonly context: Context
  readonly applyNode: YamlNode | undefined
}

/** Not part of the tree: only loadInclude needs it. */
export const includeOrigins = new WeakMap<Include, IncludeOrigin>()

export function emptyContext(folder: string): Context {
  return {
    keywords: {},
    when: [],
    vars: new Map(),
    environment: [],
    tags: [],
    moduleDefaults: new Map(),
    role: undefined,
    idPrefix: '',
    folder,
    chain: [],
    play: { roles: [], handlers: [], seenRoles: new Set(), lost: { names: new Set(), any: false } },
  }
}
