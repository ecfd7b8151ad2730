import { StringDecoder } from 'node:string_decoder'

/** A line without end is passed on in pieces of this many characters. */
const LONGEST_LINE = 64 * 1024

type OnLine = (stream: 'stdout' | 'stderr', line: string) => void

/** Cuts two byte streams into lines, without their ends; a last line without a newline comes with `flush`. */
export class LineSplitter {
  private readonly onLine: OnLine
  private readonly decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
  private readonly rest = { stdout: '', stderr: '' }

  constructor(onLine: OnLine) {
    this.onLine = onLine
  }

  feed(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const lines = (this.rest[stream] + this.decoders[stream].write(bytes)).split('\n')
    this.rest[stream] = lines.pop() ?? ''
    for (const line of lines) this.onLine(stream, line.replace(/\r$/, ''))
    while (this.rest[stream].length > LONGEST_LINE) {
      this.onLine(stream, this.rest[stream].slice(0, LONGEST_LINE))
      this.rest[stream] = this.rest[stream].slice(LONGEST_LINE)
    }
  }

  flush(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const last = this.rest[stream] + this.decoders[stream].end()
      this.rest[stream] = ''
      if (last !== '') this.onLine(stream, last)
    }
  }
}
