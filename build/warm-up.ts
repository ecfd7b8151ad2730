import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import type { Script } from 'node:vm'
import type { main } from '../core/cli/main.ts'
import type { Streams } from '../core/cli/streams.ts'

const { load } = createRequire(import.meta.url)('../bin/load.js') as {
  load(file: string): { exports: { main: typeof main }; script: Script }
}

/** Command lines that use much of the program and touch nothing. */
const COMMANDS = [['--version'], ['doc', 'apt'], ['run', '--syntax-check', '-i', 'localhost,', 'playbooks/site.yml']]

/** Runs the built program, and answers with what V8 compiled of it: only what was used is in there. */
export async function warmUp(file: string): Promise<Buffer> {
  const { exports: program, script } = load(file)
  const streams = { out: new PassThrough().resume(), err: new PassThrough().resume(), in: process.stdin }
  for (const line of COMMANDS) {
    const code = await program.main(line, streams as unknown as Streams)
    if (code !== 0) throw new Error(`virtfleet ${line.join(' ')} answers ${code}`)
  }
  return script.createCachedData()
}
