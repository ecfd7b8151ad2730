import type { Scope } from '../types.ts'
import { type DictKey, LazyDict, type Template, type Value } from '../values.ts'
import { settle } from './settle.ts'

/**
 * The variables of a scope as a dict, each resolved in that scope when it is read: `vars`, and a host's entry in
 * `hostvars`. A variable that cannot be resolved raises where it is read.
 */
export class ScopeVariables extends LazyDict {
  readonly #scope: Scope
  readonly #resolve: (template: Template, scope: Scope) => Value

  constructor(scope: Scope, resolve: (template: Template, scope: Scope) => Value) {
    super()
    this.#scope = scope
    this.#resolve = resolve
  }

  protected override load(key: DictKey): Value | undefined {
    const value = typeof key === 'string' ? this.#scope.get(key) : undefined
    return value === undefined ? undefined : settle(value, (template) => this.#resolve(template, this.#scope))
  }

  protected override list(): Iterable<DictKey> {
    return this.#scope.names()
  }

  override has(key: DictKey): boolean {
    return typeof key === 'string' && this.#scope.get(key) !== undefined
  }
}
