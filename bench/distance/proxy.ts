import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./proxy.js', import.meta.url))

/** What one connection came to. */
export interface Passage {
  /** From its opening to its end, in milliseconds. */
  readonly ms: number
  /** Round trips: how often the near end spoke when it could have heard an answer to what it said before, and TCP's opening. */
  readonly turns: number
  /** Sent by the near end. */
  readonly bytes: number
}

/** A TCP port of loopback behind which another one is far away. */
export class Distance {
  readonly port: number
  private readonly child: ChildProcess
  private readonly passages: Passage[]

  private constructor(child: ChildProcess, port: number, passages: Passage[]) {
    this.child = child
    this.port = port
    this.passages = passages
  }

  static async open(host: string, port: number, rttMs: number): Promise<Distance> {
    const child = spawn(process.execPath, [program, host, String(port), String(rttMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines = createInterface({ input: child.stdout })
    const [first] = (await once(lines, 'line')) as [string]
    const passages: Passage[] = []
    lines.on('line', (line) => passages.push(JSON.parse(line) as Passage))
    return new Distance(child, Number(first.replace('listening ', '')), passages)
  }

  /** The passages since it was last asked, once the last one's end is known. */
  async taken(): Promise<Passage[]> {
    for (let tries = 0; tries < 50 && this.passages.length === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    return this.passages.splice(0)
  }

  close(): void {
    this.child.kill()
  }
}
