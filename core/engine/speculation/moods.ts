import { ContextCallable } from '../../language/globals/context-callable.ts'
import { Callable, type Environment, type LookupFunction, type Value } from '../../language/index.ts'
import type { VaultAccess } from '../../language/types.ts'
import type { Pending } from './pending.ts'

/** Lookups that only rearrange what they are given, or read variables, which are guarded themselves. */
const CALM_LOOKUPS = [
  ...[
    'items',
    'list',
    'flattened',
    'nested',
    'cartesian',
    'together',
    'dict',
    'indexed_items',
    'subelements',
    'sequence',
  ],
  ...['vars', 'varnames'],
]
/** Filters that answer by chance or by what lies on the controller now. */
const MOODY_FILTERS = ['random', 'shuffle', 'random_mac', 'password_hash', 'vault', 'realpath', 'fileglob']
/** Tests that look at the controller's files. */
const MOODY_TESTS = [
  ...['directory', 'file', 'link', 'exists', 'link_exists', 'mount', 'same_file'],
  ...['is_dir', 'is_file', 'is_link', 'is_mount', 'is_same_file'],
]

/** An environment in which functions with effects or moods read as not known yet. */
export interface GuardedEnvironment extends Environment {
  readonly pending: Pending
}

const guards = new WeakMap<Environment, Environment>()

/** The environment for a look ahead: what acts, or answers by the moment, suspends it until its turn has come. */
export function guarded(environment: Environment, pending: Pending): GuardedEnvironment {
  let guard = guards.get(environment)
  if (!guard) {
    guard = guardOf(environment)
    guards.set(environment, guard)
  }
  return new Guarded(guard, pending)
}

/** There is one for each task that is looked at, so it is not a copy of whatever there is. */
class Guarded implements GuardedEnvironment {
  readonly filters: Environment['filters']
  readonly tests: Environment['tests']
  readonly lookups: Environment['lookups']
  readonly globals: Environment['globals']
  readonly folders: Environment['folders']
  readonly signal?: AbortSignal
  readonly vault?: VaultAccess
  readonly pending: Pending

  constructor(guard: Environment, pending: Pending) {
    this.filters = guard.filters
    this.tests = guard.tests
    this.lookups = guard.lookups
    this.globals = guard.globals
    this.folders = guard.folders
    if (guard.signal) this.signal = guard.signal
    if (guard.vault) this.vault = guard.vault
    this.pending = pending
  }
}

function guardOf(environment: Environment): Environment {
  const { filters, tests, lookups, globals } = environment
  const now = globals.get('now')
  return {
    ...environment,
    filters: replaced(filters, (name, filter) =>
      MOODY_FILTERS.includes(bare(name))
        ? (input, args, kwargs, context) => {
            touch(context.scope.environment, name)
            return filter(input, args, kwargs, context)
          }
        : filter,
    ),
    tests: replaced(tests, (name, test) =>
      MOODY_TESTS.includes(bare(name))
        ? (input, args, kwargs, context) => {
            touch(context.scope.environment, name)
            return test(input, args, kwargs, context)
          }
        : test,
    ),
    lookups: replaced(
      lookups,
      (name, lookup): LookupFunction =>
        CALM_LOOKUPS.includes(bare(name))
          ? lookup
          : (terms, kwargs, context) => {
              touch(context.scope.environment, name)
              return lookup(terms, kwargs, context)
            },
    ),
    globals: now instanceof Callable ? new Map<string, Value>(globals).set('now', waiting(now)) : globals,
  }
}

function waiting(callable: Callable): Callable {
  return new ContextCallable(callable.name, (context, args, kwargs) => {
    touch(context.scope.environment, callable.name)
    return callable.call(args, kwargs)
  })
}

function touch(environment: Environment, name: string): void {
  const { pending } = environment as GuardedEnvironment
  if (pending.holdsMoods) pending.touch(name)
}

/** Without the name of its collection. */
const bare = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

function replaced<T>(functions: ReadonlyMap<string, T>, by: (name: string, one: T) => T): ReadonlyMap<string, T> {
  return new Map([...functions].map(([name, one]) => [name, by(name, one)]))
}
