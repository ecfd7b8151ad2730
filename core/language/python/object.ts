import { Tuple, type Value } from '../values.ts'

/** A named tuple, as `groupby` yields them: items by index, and by name. */
export class NamedTuple extends Tuple {
  readonly names: readonly string[]
  constructor(names: readonly string[], items: readonly Value[]) {
    super(items)
    this.names = names
  }

  field(name: string): Value | undefined {
    const i = this.names.indexOf(name)
    return i < 0 ? undefined : this.items[i]
  }
}
