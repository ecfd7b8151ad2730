import { Template, type Value } from '../language/values.ts'

/** A keyword's template below another value of the same keyword, which holds where the template comes to `omit`. */
export class InnerTemplate extends Template {
  readonly outer: Value

  constructor({ source, at, parts }: Template, outer: Value) {
    super(source, at, parts)
    this.outer = outer
  }
}

/** What is said of a keyword, innermost first. */
export function* saidOf(value: Value | undefined): Generator<Value> {
  for (let said = value; said !== undefined && said !== null; ) {
    yield said
    said = said instanceof InnerTemplate ? said.outer : undefined
  }
}
