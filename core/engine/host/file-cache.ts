import { readFileSync, type Stats, statSync } from 'node:fs'
import { readContent } from '../../connection/index.ts'

/** Files up to this size, in bytes, are kept for the next host that wants them. */
const SMALL = 1024 * 1024
/** Kept altogether, in bytes. */
const WHOLE = 64 * 1024 * 1024

interface Kept {
  readonly stat: Stats
  readonly content: Buffer
}

/**
 * Small files of the controller, read and opened once for all hosts as long as they stay the same. They are read at once,
 * not some time later: what a task asks its host then leaves together with what the tasks beside it ask.
 */
export class FileCache {
  readonly #open: (content: Buffer) => Buffer
  readonly #kept = new Map<string, Kept>()
  #size = 0
  readonly #looked = new Map<string, Stats | undefined>()

  /** `open` gives the plain text of what is encrypted. */
  constructor(open: (content: Buffer) => Buffer) {
    this.#open = open
  }

  /** Raises what the file system says. */
  stat(path: string): Stats {
    return this.#look(path) ?? statSync(path)
  }

  exists(path: string): boolean {
    return this.#look(path) !== undefined
  }

  /** Many hosts ask for the same file in one turn of the event loop: it is looked at once. */
  #look(path: string): Stats | undefined {
    if (this.#looked.has(path)) return this.#looked.get(path)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (this.#looked.size === 0) setImmediate(() => this.#looked.clear())
    this.#looked.set(path, stat)
    return stat
  }

  async read(path: string): Promise<Buffer> {
    const stat = this.stat(path)
    if (!stat.isFile() || stat.size > SMALL) return this.#open(await readContent(path))
    const known = this.#kept.get(path)
    if (known && isSame(known.stat, stat)) return known.content
    const content = this.#open(readFileSync(path))
    this.#keep(path, { stat, content })
    return content
  }

  #keep(path: string, kept: Kept): void {
    this.#size += kept.content.length - (this.#kept.get(path)?.content.length ?? 0)
    if (this.#size > WHOLE) {
      this.#kept.clear()
      this.#size = kept.content.length
    }
    this.#kept.set(path, kept)
  }
}

/** A change keeps the size and both times only by intent; ctime nobody can set. */
const isSame = (a: Stats, b: Stats): boolean =>
  a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs
