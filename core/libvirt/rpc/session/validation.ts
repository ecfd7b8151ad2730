/** Shapes that are remembered at most. */
const MOST = 1000

/**
 * Which definitions a daemon holds against its schema (about 10 ms each): of those that differ in no more than whose they are, the
 * first. The very first goes alone: libxml2 (2.9) fills its tables of XML Schema types without a lock when they are first
 * used, and two threads of a daemon that has just begun then find a half of them ("Unable to parse RNG").
 */
export class Validation {
  readonly #valid = new Set<string>()
  #first: Promise<void> | undefined

  /** Raises what `define` does. */
  async define<T>(xml: string, define: (validate: boolean) => Promise<T>): Promise<T> {
    if (this.#first) await this.#first
    const shape = shapeOf(xml)
    if (this.#valid.has(shape)) return define(false)
    const done = define(true)
    this.#first ??= done.then(
      () => undefined,
      () => undefined,
    )
    const answer = await done
    if (this.#valid.size >= MOST) this.#valid.clear()
    this.#valid.add(shape)
    return answer
  }
}

/** The definition without names, UUIDs, texts, MAC addresses and paths of disks, which the schema takes as they come. */
export function shapeOf(xml: string): string {
  return xml
    .replace(/<(name|uuid|title|description)>[^<]*<\//g, '<$1></')
    .replace(/<(?:source|mac)\b[^>]*>/g, (tag) => tag.replace(/\b(file|address)=(?:'[^']*'|"[^"]*")/, '$1'))
}
