/** A part of a text: first character, and the one behind the last. */
export type Range = [start: number, end: number]

const head = 4

/**
 * Finds any of many words in one pass. Words are filed under their first four characters; a table of two-character sums
 * rules out nearly every place of a text before that file is asked.
 */
export class Matcher {
  readonly #byHead = new Map<string, string[]>()
  readonly #possible = new Uint8Array(65536)
  #longest = 0

  /** Length of the longest word. */
  get longest(): number {
    return this.#longest
  }

  /** A word has at least four characters. */
  add(word: string): void {
    const key = word.slice(0, head)
    const words = this.#byHead.get(key) ?? []
    if (words.includes(word)) return
    words.push(word)
    words.sort((a, b) => b.length - a.length)
    this.#byHead.set(key, words)
    this.#possible[sum(word, 0)] = 1
    this.#longest = Math.max(this.#longest, word.length)
  }

  /** All places at which a word stands, overlapping ones joined, in order. */
  find(text: string): Range[] {
    const ranges: Range[] = []
    for (let i = 0; i + head <= text.length; i++) {
      if (this.#possible[sum(text, i)] === 0) continue
      const word = this.#byHead.get(text.slice(i, i + head))?.find((w) => text.startsWith(w, i))
      if (word === undefined) continue
      const last = ranges.at(-1)
      if (last && i < last[1]) last[1] = Math.max(last[1], i + word.length)
      else ranges.push([i, i + word.length])
    }
    return ranges
  }
}

function sum(text: string, i: number): number {
  return (text.charCodeAt(i) * 257 + text.charCodeAt(i + 1)) & 0xffff
}
