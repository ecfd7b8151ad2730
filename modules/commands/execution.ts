import { randomBytes } from 'node:crypto'
import { quote, type ShellText, sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { skipped } from '../../core/module/skipped.ts'
import { type Host, ModuleFailure, type Reader, type Skipped } from '../../core/module/types.ts'

/*
 * What command, shell, raw and script have in common: a command of the user's, run in one round trip.
 */

export const executionArgs = {
  chdir: arg.name().optional().describe('folder to run in'),
  creates: arg.name().optional().describe('not run if this path or pattern exists'),
  removes: arg.name().optional().describe('not run unless this path or pattern exists'),
}

export interface Execution {
  readonly chdir?: string | undefined
  readonly creates?: string | undefined
  readonly removes?: string | undefined
  readonly stdin?: string | Uint8Array | undefined
  readonly stdin_add_newline?: boolean
  readonly strip_empty_ends?: boolean
}

export interface ExecutionResult {
  readonly changed: boolean
  readonly failed?: boolean
  readonly cmd: string | string[]
  readonly rc: number
  readonly stdout: string
  readonly stderr: string
  readonly stdout_lines: string[]
  readonly stderr_lines: string[]
  readonly start: string | null
  readonly end: string | null
  readonly delta: string | null
  readonly msg: string
  readonly [key: string]: boolean | string | string[] | number | null
}

/** A pattern as shell text: `*`, `?` and `[…]` stay live, the rest is quoted. */
export function globText(pattern: string): ShellText {
  return sh.raw(
    pattern
      .split(/([*?[\]]+)/)
      .map((part, i) => (i % 2 === 1 ? part : part === '' ? '' : quote(part)))
      .join(''),
  )
}

const exists = (pattern: string): ShellText => sh`{ set -- ${globText(pattern)}; [ -e "$1" ] || [ -L "$1" ]; }`

/** Guards in front of the command; they tell by `mark` on stderr that it was not run. */
function guards(options: Execution, mark: string): ShellText[] {
  const parts: ShellText[] = []
  if (options.chdir !== undefined)
    parts.push(sh`cd -- ${options.chdir} 2>/dev/null || { printf %s ${`${mark}chdir`} >&2; exit 1; }`)
  if (options.creates !== undefined)
    parts.push(sh`if ${exists(options.creates)}; then printf %s ${`${mark}creates`} >&2; exit 0; fi`)
  if (options.removes !== undefined)
    parts.push(sh`if ${exists(options.removes)}; then :; else printf %s ${`${mark}removes`} >&2; exit 0; fi`)
  return parts
}

const isGuarded = ({ chdir, creates, removes }: Execution): boolean =>
  chdir !== undefined || creates !== undefined || removes !== undefined

/** Runs it and answers as Ansible does; a non-zero status is `failed`. */
export async function execute(
  host: Host,
  script: ShellText,
  cmd: string | string[],
  options: Execution,
): Promise<ExecutionResult> {
  const mark = isGuarded(options) ? `virtfleet-${randomBytes(12).toString('hex')}:` : ''
  const start = new Date()
  const newline = options.stdin_add_newline === false ? '' : '\n'
  const stdin = typeof options.stdin === 'string' ? options.stdin + newline : options.stdin
  const done = await host.run(sh.join([...guards(options, mark), script]), {
    foreign: true,
    ...(stdin !== undefined && { stdin }),
  })
  const end = new Date()
  const strip = (text: string): string => (options.strip_empty_ends === false ? text : text.replace(/[\r\n]+$/, ''))
  const stdout = strip(done.stdout.toString())
  const stderr = strip(done.stderr.toString())
  const guarded = notRunBy(done.merged ? stdout : stderr, mark, options)
  if (guarded) return answer(cmd, { rc: 0, stderr: '', changed: false, ...guarded })
  const failed = done.status !== 0
  return {
    ...answer(cmd, { rc: done.status, stdout, stderr, msg: failed ? 'non-zero return code' : '', changed: true }),
    ...(failed && { failed }),
    start: stamp(start),
    end: stamp(end),
    delta: duration(end.getTime() - start.getTime()),
  }
}

/** What is said instead of a result, in Ansible's words. */
interface NotRun {
  readonly stdout: string
  readonly msg: string
}

function notRunBy(text: string, mark: string, { chdir, creates, removes }: Execution): NotRun | undefined {
  if (mark === '' || !text.startsWith(mark)) return undefined
  const what = text.slice(mark.length)
  if (what === 'chdir')
    throw new ModuleFailure(`cannot change to folder ${chdir}`, { hint: 'chdir must exist on the host' })
  if (what === 'creates') return notRun(`${creates}`, 'exists')
  return what === 'removes' ? notRun(`${removes}`, 'does not exist') : undefined
}

const notRun = (path: string, why: string): NotRun => ({
  stdout: `skipped, since ${path} ${why}`,
  msg: `Did not run command since '${path}' ${why}`,
})

function answer(
  cmd: string | string[],
  part: { rc: number; stdout: string; stderr: string; msg: string; changed: boolean },
): ExecutionResult {
  return {
    ...part,
    cmd,
    stdout_lines: lines(part.stdout),
    stderr_lines: lines(part.stderr),
    start: null,
    end: null,
    delta: null,
  }
}

/** In check mode only `creates` and `removes` tell something. */
export async function checkExecution(
  host: Reader,
  cmd: string | string[],
  options: Execution,
): Promise<ExecutionResult | Skipped> {
  const ran = skipped('commands are not run in check mode')
  if (options.creates === undefined && options.removes === undefined) return ran
  const mark = 'not-run:'
  const test = await host.read(sh.join([...guards(options, mark), sh`:`]))
  const said = test.stderr.toString()
  if (!said.startsWith(mark) || said.endsWith('chdir')) return ran
  const guarded = notRunBy(said, mark, options)
  return guarded ? answer(cmd, { rc: 0, stderr: '', changed: false, ...guarded }) : ran
}

/** Lines as Python's splitlines has them. */
export function lines(text: string): string[] {
  const parts = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/)
  return parts.at(-1) === '' ? parts.slice(0, -1) : parts
}

const stamp = (time: Date): string => time.toISOString().replace('T', ' ').replace('Z', '000')

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(ms % 1000).padStart(3, '0')}000`
}

/** Of return values, for the docs. */
export const executionReturns = {
  rc: 'exit status',
  stdout: 'standard output without line breaks at its end',
  stderr: 'standard error likewise',
  stdout_lines: 'the lines of stdout',
  stderr_lines: 'the lines of stderr',
  cmd: 'what was run',
  start: 'when it began (UTC)',
  end: 'when it ended',
  delta: 'how long it took',
}
