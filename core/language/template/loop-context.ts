import { equals, typeError } from '../python/index.ts'
import { Callable, PythonObject, Undefined, type Value } from '../values.ts'

/** `loop` inside a for statement. */
export class LoopContext extends PythonObject {
  override readonly typeName = 'LoopContext'
  readonly items: readonly Value[]
  readonly depth: number
  index = 0
  readonly #touch: (value: Value) => Value
  readonly #recurse: ((items: Value, depth: number) => Value) | undefined
  #last: readonly Value[] | undefined

  constructor(
    items: readonly Value[],
    depth: number,
    touch: (value: Value) => Value,
    recurse: ((items: Value, depth: number) => Value) | undefined,
  ) {
    super()
    this.items = items
    this.depth = depth
    this.#touch = touch
    this.#recurse = recurse
  }

  /** `loop(children)`: the same loop over other items; its output. */
  recurse(args: readonly Value[]): Value {
    if (!this.#recurse) throw typeError("the loop must have the 'recursive' marker to be called recursively")
    if (args.length !== 1) throw typeError('loop() takes one argument')
    return this.#recurse(args[0]!, this.depth + 1)
  }

  override attribute(name: string): Value | undefined {
    const count = this.items.length
    switch (name) {
      case 'index':
        return this.index + 1
      case 'index0':
        return this.index
      case 'revindex':
        return count - this.index
      case 'revindex0':
        return count - this.index - 1
      case 'first':
        return this.index === 0
      case 'last':
        return this.index === count - 1
      case 'length':
        return count
      case 'depth':
        return this.depth
      case 'depth0':
        return this.depth - 1
      case 'previtem':
        return this.#neighbour(this.index - 1, 'loop.previtem', 'there is no previous item')
      case 'nextitem':
        return this.#neighbour(this.index + 1, 'loop.nextitem', 'there is no next item')
      case 'cycle':
        return new Callable('cycle', (args) => this.#cycle(args))
      case 'changed':
        return new Callable('changed', (args) => this.#changed(args))
      default:
        return undefined
    }
  }

  #neighbour(index: number, name: string, reason: string): Value {
    const item = this.items[index]
    return item === undefined ? new Undefined(name, reason) : this.#touch(item)
  }

  #cycle(args: readonly Value[]): Value {
    if (args.length === 0) throw typeError('no items for cycling given')
    return args[this.index % args.length]!
  }

  #changed(args: readonly Value[]): boolean {
    const last = this.#last
    this.#last = args
    return !last || last.length !== args.length || !args.every((arg, i) => equals(arg, last[i]!))
  }

  override str(): string {
    return this.repr()
  }

  override repr(): string {
    return `<LoopContext ${this.index + 1}/${this.items.length}>`
  }

  override equals(other: Value): boolean {
    return other === this
  }

  override compare(): undefined {
    return undefined
  }

  override operate(): undefined {
    return undefined
  }
}
