const RS = 0x1e
const NEWLINE = 0x0a
/** No mark of ours is longer; a hello carries all groups of a user. */
const LONGEST_MARK = 8192

export interface MarkSink {
  data(bytes: Buffer): void
  /** The words after the nonce. */
  mark(words: string): void
}

/** Takes a byte stream apart into data and marks: RS, nonce, space, words, newline. Data is passed on as early as it is known. */
export class MarkReader {
  sink: MarkSink
  private needle: Buffer | undefined
  private held: Buffer = Buffer.alloc(0)

  constructor(sink: MarkSink) {
    this.sink = sink
  }

  /** From now on only marks with this nonce are marks. */
  expect(nonce: string): void {
    this.needle = Buffer.from(`\x1e${nonce} `, 'latin1')
  }

  /** No mark is expected any more: every byte is data. */
  raw(): void {
    this.needle = undefined
    this.flush()
  }

  feed(chunk: Buffer): void {
    let rest = this.held.length > 0 ? Buffer.concat([this.held, chunk]) : chunk
    this.held = Buffer.alloc(0)
    while (rest.length > 0) {
      const needle = this.needle
      const at = needle ? rest.indexOf(needle) : -1
      if (!needle || at < 0) {
        const keep = needle ? possibleStart(rest, needle) : rest.length
        if (keep > 0) this.sink.data(rest.subarray(0, keep))
        this.held = rest.subarray(keep)
        return
      }
      if (at > 0) this.sink.data(rest.subarray(0, at))
      const end = rest.indexOf(NEWLINE, at)
      if (end < 0) {
        if (rest.length - at > LONGEST_MARK) this.sink.data(rest.subarray(at))
        else this.held = rest.subarray(at)
        return
      }
      const words = rest.toString('utf8', at + needle.length, end).replace(/\r$/, '')
      rest = rest.subarray(end + 1)
      this.sink.mark(words)
    }
  }

  /** What was held back, as data: the stream has ended. */
  flush(): void {
    const held = this.held
    this.held = Buffer.alloc(0)
    if (held.length > 0) this.sink.data(held)
  }
}

/** Where an unfinished mark may begin at the end of these bytes; their length if nowhere. */
function possibleStart(bytes: Buffer, needle: Buffer): number {
  const from = Math.max(0, bytes.length - needle.length + 1)
  for (let at = bytes.indexOf(RS, from); at >= 0; at = bytes.indexOf(RS, at + 1)) {
    if (bytes.compare(needle, 0, bytes.length - at, at) === 0) return at
  }
  return bytes.length
}
