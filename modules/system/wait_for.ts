import { type ShellText, sh } from '../../core/connection/quote.ts'
import { pythonRegex } from '../../core/language/python/regex.ts'
import { arg } from '../../core/module/arg.ts'
import { defineRun } from '../../core/module/define.ts'
import { skipped } from '../../core/module/skipped.ts'
import { type Host, ModuleFailure } from '../../core/module/types.ts'
import { pause } from './pause.ts'

const args = arg
  .object({
    host: arg.name().default('127.0.0.1').describe('seen from the managed host'),
    port: arg.int().optional(),
    path: arg.path().optional().describe('file that must be there (or not)'),
    search_regex: arg.str().optional().describe('text that must stand in the file'),
    state: arg.choice('started', 'stopped', 'present', 'absent', 'drained').default('started'),
    timeout: arg.int().default(300).describe('seconds'),
    delay: arg.int().default(0).describe('seconds before the first look'),
    sleep: arg.int().default(1).describe('seconds between looks'),
    connect_timeout: arg.int().default(5),
    msg: arg.str().optional().describe('said instead when it takes too long'),
  })
  .refine((a) => a.port === undefined || a.path === undefined, { message: 'give port or path, not both' })
  .refine((a) => a.search_regex === undefined || a.path !== undefined, { message: 'search_regex needs path' })

type Args = ReturnType<typeof args.parse>

export default defineRun({
  name: 'wait_for',
  summary: 'Waits for a port, a file or a time.',
  args,
  returns: { elapsed: 'seconds that it took', state: 'as asked' },
  examples: `
- wait_for: port=16509 timeout=60
- wait_for: path=/run/libvirt/libvirt-sock
`,
  async run(host, a) {
    const start = Date.now()
    const elapsed = (): number => Math.round((Date.now() - start) / 1000)
    if (a.delay > 0) await pause(host.signal, a.delay)
    if (a.port === undefined && a.path === undefined) {
      await pause(host.signal, Math.max(0, a.timeout - a.delay))
      return { changed: false, elapsed: elapsed(), state: a.state }
    }
    while (!(await reached(host, a))) {
      if (elapsed() + a.sleep > a.timeout) {
        throw new ModuleFailure(a.msg ?? `timeout when waiting for ${subject(a)}`, { result: { elapsed: elapsed() } })
      }
      host.progress(`waiting for ${subject(a)}`, Math.min(99, (elapsed() / a.timeout) * 100))
      await pause(host.signal, a.sleep)
    }
    return {
      changed: false,
      elapsed: elapsed(),
      state: a.state,
      ...(a.path !== undefined && { path: a.path }),
      ...(a.port !== undefined && { port: a.port }),
    }
  },
  check: async () => skipped('nothing is waited for in check mode'),
})

const subject = (a: Args): string =>
  a.path === undefined
    ? `${a.host}:${a.port} to be ${a.state}`
    : `${a.path} to be ${a.state === 'started' ? 'present' : a.state}`

async function reached(host: Host, a: Args): Promise<boolean> {
  const wantThere = a.state === 'started' || a.state === 'present'
  if (a.path !== undefined) {
    if (a.search_regex !== undefined && wantThere) {
      const answer = await host.read(sh`cat -- ${a.path} 2>/dev/null`)
      return answer.status === 0 && pythonRegex(a.search_regex, { multiline: true }).test(answer.stdout.toString())
    }
    const answer = await host.read(sh`[ -e ${a.path} ] || [ -L ${a.path} ]`)
    return (answer.status === 0) === wantThere
  }
  if (a.state === 'drained') {
    const answer = await host.read(connections(a.port!))
    if (answer.status === 3) throw new ModuleFailure('ss was not found on the host', { hint: 'install iproute2' })
    return answer.stdout.toString().trim() === '0'
  }
  return (await listens(host, a)) === wantThere
}

const connections = (port: number): ShellText => sh`command -v ss >/dev/null || exit 3
ss -Htn state established "( sport = :${port} )" | wc -l`

/** From the host itself: bash's /dev/tcp, nc, or the list of listeners for an address of its own. */
async function listens(host: Host, a: Args): Promise<boolean> {
  const answer = await host.read(sh`h=${a.host} p=${a.port!} t=${a.connect_timeout}
if command -v bash >/dev/null; then timeout "$t" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$h" "$p" 2>/dev/null
elif command -v nc >/dev/null; then timeout "$t" nc -z "$h" "$p" </dev/null 2>/dev/null
elif command -v ss >/dev/null; then ss -Htln "( sport = :$p )" | grep -q .
else exit 3; fi`)
  if (answer.status === 3)
    throw new ModuleFailure('no tool to look at ports was found on the host', { hint: 'bash, nc or ss is needed' })
  return answer.status === 0
}
