const surrogate = /[\ud800-\udfff]/

/** The code points of a string: what Python counts, indexes and slices. */
export function characters(text: string): string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('')
}

export function characterCount(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length
}
