import type { Position } from '../events/types.ts'

/*
 * What a variable can hold. The language has Python's types, so each of them has exactly one representation here:
 * int = number (safe integers) or bigint, float = number with a fraction, or Float when it is integral, str = string,
 * list = array, dict = Map in insertion order, None = null.
 */

export type DictKey = string | number | bigint | boolean | null
export type Dict = Map<DictKey, Value>

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | Tuple
  | Undefined
  | Unknown
  | Template
  | Callable
  | PythonObject
  | Value[]
  | Dict

/** Variables by name; values may still contain templates. */
export type Variables = Map<string, Value>

/** A Python float whose value is integral (`2.0`), infinite or NaN; other floats are plain numbers. */
export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** A Python tuple, as `dict.items()` yields them. */
export class Tuple {
  readonly items: readonly Value[]
  constructor(items: readonly Value[]) {
    this.items = items
  }
}

/** A name or attribute that is not defined. Using it is an error that names it; `is defined` and `default` may look at it. */
export class Undefined {
  /** The expression that gave it, as `hostvars['kvm1'].foo`. */
  readonly name: string
  readonly #hint: string | (() => string) | undefined
  constructor(name: string, hint?: string | (() => string)) {
    this.name = name
    this.#hint = hint
  }

  /** The whole message of the error, when there is more to say than that the name is undefined; made when asked for. */
  get hint(): string | undefined {
    return typeof this.#hint === 'function' ? this.#hint() : this.#hint
  }
}

/**
 * A value that only an unapplied change could tell (check mode), from the result of the named task. Any use of it raises
 * UnknownValueError; `is defined` and `default` too: whether it would be defined is not known either.
 */
export class Unknown {
  /** Name of the task whose change was not applied. */
  readonly task: string
  readonly path: string
  constructor(task: string, path: string) {
    this.task = task
    this.path = path
  }
}

/**
 * Text that the user wrote with template marks in it (`{{`, `{%`, `{#`). Whether a string is a template is decided once,
 * where a file of the user's is read; every other string is data and is never templated, whatever it contains.
 */
export class Template {
  readonly source: string
  /** Where the first character of the text stands. */
  readonly at: Position
  /** For a text over several lines: where its parts stand, in order of offset; without it, lines follow one another. */
  readonly parts: readonly TemplatePart[] | undefined
  constructor(source: string, at: Position, parts?: readonly TemplatePart[]) {
    this.source = source
    this.at = at
    this.parts = parts
  }
}

/** From this offset of a template's text on, characters stand one behind the other at this line and column of the file. */
export interface TemplatePart {
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** A function inside expressions: a bound method, a macro, `range`, `lookup`. */
export class Callable {
  readonly name: string
  readonly call: (args: readonly Value[], kwargs: ReadonlyMap<string, Value>) => Value
  constructor(name: string, call: Callable['call']) {
    this.name = name
    this.call = call
  }
}

/** An object with attributes and operators of its own, as a datetime is: what the operations of python/ ask it for. */
export abstract class PythonObject {
  abstract readonly typeName: string
  abstract str(): string
  abstract repr(): string
  abstract equals(other: Value): boolean
  /** Negative, 0 or positive; undefined when the types have no order. */
  abstract compare(other: Value): number | undefined
  /** An attribute or a bound method by its name. */
  abstract attribute(name: string): Value | undefined
  /** The result of a binary operator, this object on the left; undefined when it has none for that type. */
  abstract operate(operator: string, other: Value): Value | undefined
  truth(): boolean {
    return true
  }
}

/**
 * A dict whose values are made when they are read: `hostvars`, `vars`. It is read-only, its keys are known without making
 * values, and what `load` gives must be free of Templates. Whoever iterates over entries makes every value.
 */
export abstract class LazyDict extends Map<DictKey, Value> {
  /** The value under the key, or undefined when there is none. */
  protected abstract load(key: DictKey): Value | undefined
  protected abstract list(): Iterable<DictKey>

  override get(key: DictKey): Value | undefined {
    return this.load(key)
  }

  override has(key: DictKey): boolean {
    for (const k of this.list()) if (k === key) return true
    return false
  }

  override get size(): number {
    let n = 0
    for (const _ of this.list()) n++
    return n
  }

  override *keys(): MapIterator<DictKey> {
    yield* this.list()
  }

  override *entries(): MapIterator<[DictKey, Value]> {
    for (const key of this.list()) yield [key, this.load(key) ?? null]
  }

  override *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value
  }

  override [Symbol.iterator](): MapIterator<[DictKey, Value]> {
    return this.entries()
  }

  override forEach(visit: (value: Value, key: DictKey, map: Map<DictKey, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }

  override set(): this {
    throw new TypeError('a lazy dict is read-only')
  }

  override delete(): boolean {
    throw new TypeError('a lazy dict is read-only')
  }

  override clear(): void {
    throw new TypeError('a lazy dict is read-only')
  }
}
