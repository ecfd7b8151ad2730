import { createRequire } from 'node:module'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Script } from 'node:vm'
import type { main } from '../core/cli/main.ts'
import type { Streams } from '../core/cli/streams.ts'
import { startWarmUpHost } from './warm-up-host.ts'

const { load } = createRequire(import.meta.url)('../bin/load.js') as {
  load(file: string): { exports: { main: typeof main }; script: Script }
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PLAYBOOK = join(ROOT, 'build/warm-up.yml')
const HOST_PLAYBOOK = join(ROOT, 'build/warm-up-host.yml')
/** Command lines that use much of the program before it reaches a host, and their exit codes. */
const COMMANDS: readonly (readonly [number, ...string[]])[] = [
  [0, 'doc'],
  [0, 'run', '--syntax-check', '-i', 'nowhere,', join(ROOT, 'playbooks/site.yml')],
  [4, 'run', '-i', 'nowhere,', PLAYBOOK],
]

/** Runs the built program, and answers with what V8 compiled of it: only what was used is in there. */
export async function warmUp(file: string): Promise<Buffer> {
  const { exports: program, script } = load(file)
  const run = async (expected: number, ...line: readonly string[]): Promise<void> => {
    const out = new PassThrough()
    const said: Buffer[] = []
    out.on('data', (chunk: Buffer) => said.push(chunk))
    const streams = { out, err: out, in: process.stdin } as unknown as Streams
    const code = await program.main(line, streams)
    if (code !== expected) throw new Error(`virtfleet ${line.join(' ')} answers ${code}:\n${Buffer.concat(said)}`)
  }
  for (const [expected, ...line] of COMMANDS) await run(expected, ...line)
  // Not every machine that builds can be a host; then a run compiles itself what it needs behind the first connection.
  await onHost(run).catch((error: Error) => process.stderr.write(`not warmed up on a host: ${error.message}\n`))
  return script.createCachedData()
}

async function onHost(run: (expected: number, ...line: readonly string[]) => Promise<void>): Promise<void> {
  const host = await startWarmUpHost()
  try {
    for (let time = 1; time <= 2; time++) await run(0, 'run', '-i', host.inventory, '-f', '3', HOST_PLAYBOOK)
  } finally {
    await host.close()
  }
}
