import type { Position } from '../../events/types.ts'
import { UnknownValueError } from '../errors.ts'
import { didYouMean } from '../suggest.ts'
import type { CallContext, Scope } from '../types.ts'
import { Template, Undefined, Unknown, type Value } from '../values.ts'
import { locate } from './errors.ts'
import type { Evaluation } from './evaluation.ts'
import type { FoundTemplate } from './folders.ts'
import { Frame } from './frame.ts'
import type { Blocks } from './inheritance.ts'
import { type Origin, positionAt } from './origin.ts'
import type { Output } from './output.ts'
import { ScopeVariables } from './scope-variables.ts'
import { copy, settle } from './settle.ts'

/** How the runtime gets at other templates; given by compiled.ts, which knows how to compile. */
export interface Templates {
  /** The value of a Template in a scope; `name` is the variable it was read as. */
  readonly resolve: (template: Template, scope: Scope, name?: string) => Value
  /** Runs a template of the folders. */
  readonly run: (found: FoundTemplate, rt: Runtime, out: Output) => void
}

/** What one template has while it is evaluated. Every value that is read passes through `touch` or `settle`. */
export class Runtime {
  readonly scope: Scope
  readonly evaluation: Evaluation
  readonly templates: Templates
  origin: Origin
  frame: Frame
  /** Frame of the template's top level: what blocks see, what an import gives. */
  top: Frame
  /** Offset of what is being done now, for errors. */
  at = 0
  /** Writes to variables go to copies. */
  copies: Map<string, Value> | undefined
  blocks: Blocks | undefined
  /** The template this one extends. */
  parent: { template: Value; at: number } | undefined
  /** Where names and attributes that are not defined were read. */
  #missed: Map<string, number> | undefined
  /** Lookups so far, see Answers. */
  lookups = 0
  readonly text: object

  constructor(scope: Scope, evaluation: Evaluation, origin: Origin, templates: Templates, text: object = origin) {
    this.scope = scope
    this.evaluation = evaluation
    this.origin = origin
    this.templates = templates
    this.frame = new Frame()
    this.top = this.frame
    this.text = text
  }

  position(offset = this.at): Position {
    return positionAt(this.origin, offset)
  }

  /** Gives an error its place: that of the undefined name, or of what was being done. */
  locate(error: unknown): unknown {
    return locate(error, (name) => this.position(name === undefined ? undefined : this.#missed?.get(name)))
  }

  /** The place through which every read goes: a Template becomes its value, an Unknown raises. */
  touch(value: Value, name?: string): Value {
    if (value instanceof Template) return this.touch(this.templates.resolve(value, this.scope, name))
    if (value instanceof Unknown) throw new UnknownValueError(value.task, value.path, this.position())
    return value
  }

  /** A value with all that is in it, for those who look into it. */
  settle(value: Value): Value {
    if (value === null || typeof value !== 'object') return value
    return settle(value, (template) => this.touch(template))
  }

  name(name: string): Value {
    const local = this.frame.get(name)
    if (local !== undefined) return local
    const copied = this.copies?.get(name)
    if (copied !== undefined) return copied
    const variable = this.scope.get(name)
    if (variable !== undefined) {
      const value = this.touch(variable, name)
      if (!this.copies) return value
      const own = copy(this.settle(value))
      this.copies.set(name, own)
      return own
    }
    if (name === 'vars') return new ScopeVariables(this.scope, this.templates.resolve)
    const global = this.scope.environment.globals.get(name)
    if (global !== undefined) return global
    this.miss(name)
    return new Undefined(name, () => this.#undefinedMessage(name))
  }

  /** Something by this name is not defined, and was read here. */
  miss(name: string): void {
    this.#missed ??= new Map()
    this.#missed.set(name, this.at)
  }

  #undefinedMessage(name: string): string {
    const close = didYouMean(name, this.frame.names()) ?? didYouMean(name, this.scope.names())
    return `'${name}' is undefined${close === undefined ? '' : `, did you mean '${close}'?`}`
  }

  context(offset: number): CallContext {
    return new Site(this.scope, this.origin, offset)
  }

  /** Runs something with names of its own. */
  within<T>(frame: Frame, run: () => T): T {
    const before = this.frame
    this.frame = frame
    try {
      return run()
    } finally {
      this.frame = before
    }
  }
}

/** Its position is made only when somebody asks. */
class Site implements CallContext {
  readonly scope: Scope
  readonly #origin: Origin
  readonly #offset: number
  constructor(scope: Scope, origin: Origin, offset: number) {
    this.scope = scope
    this.#origin = origin
    this.#offset = offset
  }

  get at(): Position {
    return positionAt(this.#origin, this.#offset)
  }
}
