import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { defineRun } from '../../core/module/define.ts'
import { skipped } from '../../core/module/skipped.ts'
import { type Host, ModuleFailure } from '../../core/module/types.ts'
import { pause } from './pause.ts'

/** Opens the connection again and again until a command answers. Raises ModuleFailure when the time is over. */
export async function awaitConnection(
  host: Host,
  options: { timeout: number; sleep: number; delay: number },
): Promise<number> {
  const start = Date.now()
  const elapsed = (): number => (Date.now() - start) / 1000
  if (options.delay > 0) await pause(host.signal, options.delay)
  for (;;) {
    const error = await attempt(host)
    if (error === undefined) return Math.round(elapsed())
    if (elapsed() + options.sleep > options.timeout) {
      throw new ModuleFailure(`timed out waiting for a connection: ${error.message}`, {
        result: { elapsed: Math.round(elapsed()) },
      })
    }
    host.progress(`waiting for a connection: ${error.message}`, Math.min(99, (elapsed() / options.timeout) * 100))
    await pause(host.signal, options.sleep)
  }
}

async function attempt(host: Host): Promise<Error | undefined> {
  try {
    await host.reconnect()
    const answer = await host.read(sh`:`)
    return answer.status === 0 ? undefined : new Error(`the shell answered ${answer.status}`)
  } catch (error) {
    if (host.signal.aborted) throw error
    return error as Error
  }
}

export default defineRun({
  name: 'wait_for_connection',
  summary: 'Waits until a host can be reached and used.',
  args: arg.object({
    timeout: arg.int().default(600).describe('seconds'),
    delay: arg.int().default(0).describe('seconds before the first try'),
    sleep: arg.int().default(1).describe('seconds between tries'),
    connect_timeout: arg.int().default(5).describe('accepted; the inventory has the time for one try'),
  }),
  returns: { elapsed: 'seconds that it took' },
  examples: `
- wait_for_connection: timeout=300
`,
  async run(host, a) {
    return { changed: false, elapsed: await awaitConnection(host, a) }
  },
  check: async () => skipped('nothing is waited for in check mode'),
})
