import type { ByteChannel, ChannelExit } from '../transport.ts'
import { MarkReader, type MarkSink } from './marks.ts'

const NOISE_KEPT = 16 * 1024

export type Greeted = { kind: 'mark'; words: string } | { kind: 'prompt' } | ({ kind: 'ended' } & ChannelExit)

/**
 * The time before a shell has said hello: whatever a login prints is noise, kept for the error. The readers outlive it: the
 * session gives them a sink of its own.
 */
export class Greeting {
  readonly channel: ByteChannel
  readonly stdout: MarkReader
  readonly stderr: MarkReader
  /** All that came and was no mark, both streams in the order of arrival. */
  noise = ''
  /** What came since the last `until`, in which a prompt is looked for. */
  private fresh = ''
  private readonly marks: string[] = []
  /** Marks of stderr only say that it has come so far. */
  private errorMarks = 0
  private ended: ChannelExit | undefined
  private wake: (() => void) | undefined

  constructor(channel: ByteChannel) {
    this.channel = channel
    const mine: MarkSink = {
      data: (bytes) => this.heard(bytes.toString('utf8')),
      mark: (words) => {
        this.marks.push(words)
        this.wake?.()
      },
    }
    this.stdout = new MarkReader(mine)
    this.stderr = new MarkReader({
      data: mine.data,
      mark: () => {
        this.errorMarks++
        this.wake?.()
      },
    })
    channel.stdout.on('data', (chunk: Buffer) => this.stdout.feed(chunk))
    channel.stderr.on('data', (chunk: Buffer) => this.stderr.feed(chunk))
    channel.stdin.on('error', () => undefined)
    void channel.exit.then((end) => {
      this.stdout.flush()
      this.stderr.flush()
      this.ended = end
      this.wake?.()
    })
  }

  /** Something that is no mark. */
  heard(text: string): void {
    this.noise = (this.noise + text).slice(-NOISE_KEPT)
    this.fresh = (this.fresh + text).slice(-NOISE_KEPT)
    this.wake?.()
  }

  send(text: string): void {
    this.channel.stdin.write(text)
  }

  /** What was marked behind the hello, on stdout. */
  rest(): string[] {
    return this.marks.splice(0)
  }

  /** Marks of both streams carry this nonce from now on. */
  expect(nonce: string): void {
    this.stdout.expect(nonce)
    this.stderr.expect(nonce)
  }

  /**
   * Waits for a mark (on both streams, if told), a prompt in what comes, or the end. Rejects with the signal's reason.
   */
  async until(
    signal: AbortSignal,
    { prompt, both = false }: { prompt?: (text: string) => boolean; both?: boolean } = {},
  ): Promise<Greeted> {
    const aborted = (): void => this.wake?.()
    signal.addEventListener('abort', aborted)
    try {
      for (;;) {
        signal.throwIfAborted()
        const words = both && this.errorMarks === 0 ? undefined : this.marks.shift()
        if (words !== undefined) {
          this.errorMarks = 0
          this.fresh = ''
          return { kind: 'mark', words }
        }
        if (prompt?.(this.fresh)) {
          this.fresh = ''
          return { kind: 'prompt' }
        }
        if (this.ended) return { kind: 'ended', ...this.ended }
        await new Promise<void>((resolve) => {
          this.wake = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', aborted)
    }
  }

  /** The noise for a message: printable, one line, its end. */
  get said(): string {
    const clean = this.noise.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '').trim()
    return clean.split('\n').slice(-3).join(' / ').slice(-300)
  }
}
