import { truth } from '../python/truth.ts'
import { Undefined, type Value } from '../values.ts'

/**
 * What `a if false` gives, having no else. As in Jinja it is undefined, but written out it is nothing, and as a
 * condition it is false.
 */
export class NoElse extends Undefined {
  constructor(name: string) {
    super(name, `the condition on '${name}' is false, and there is no else`)
  }
}

export function truthOf(value: Value): boolean {
  return value instanceof NoElse ? false : truth(value)
}
