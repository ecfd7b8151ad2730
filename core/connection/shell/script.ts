import { quote, type ShellText } from '../quote.ts'
import { type Decoder, encodeInput } from './input.ts'
import { SHIELDED } from './shielded.ts'

/** One command as the session sends it. */
export interface ScriptCommand {
  readonly seq: number
  readonly script: ShellText
  readonly stdin: Buffer | undefined
  readonly timeoutMs: number
  readonly foreign: boolean
  readonly shielded: boolean
  readonly childless: boolean
}

export interface ScriptOptions {
  readonly decoder: Decoder
  readonly shellPath: string
}

/**
 * The job's script for some commands in order (the functions are those of prelude.ts). `followsOwn`: what came before may have left something
 * that writes where they do, until they begin.
 */
export function jobScript(commands: readonly ScriptCommand[], options: ScriptOptions, followsOwn = false): string {
  const timed = commands.some((c) => c.timeoutMs > 0)
  const steps = commands.map((command, i) => {
    const last = i === commands.length - 1
    const end = mayWait(commands) ? 'vf_done' : 'vf_did\nvf_m J'
    return ownOutput(command)
      ? apart(command, options, last ? end : undefined)
      : inline(command, options, last, last && timed)
  })
  return `${beginning(commands, followsOwn)}${steps.join('')}${isClean(commands) || mayWait(commands) ? '' : 'exit\n'}`
}

function beginning(commands: readonly ScriptCommand[], followsOwn: boolean): string {
  const told = followsOwn ? 'vf_m B\n' : isClean(commands) ? '' : 'vf_u B\n'
  return mayWait(commands) ? `vf_start 2>/dev/null\n${told}` : told
}

/** Nothing of it can be left when it has answered: its job can take another batch. */
export const isClean = (commands: readonly ScriptCommand[]): boolean =>
  commands.every((c) => c.childless && !ownOutput(c) && c.timeoutMs === 0)

/** Users' commands, after which the job looks whether anything of them is left, and tells by its `J` whether it can take another batch. */
export const mayWait = (commands: readonly ScriptCommand[]): boolean =>
  commands.at(-1)?.foreign === true && commands.every((c) => c.timeoutMs === 0 && !c.shielded)

/** Its output goes through FIFOs of its own, and a `J` or `B` mark follows. */
export const ownOutput = (command: { foreign: boolean; shielded: boolean }): boolean =>
  command.foreign || command.shielded

/** Pairs of FIFOs that the job takes: of each two, the second only tells that the first was read to its end. */
export const pairs = (commands: readonly { foreign: boolean; shielded: boolean }[]): number =>
  2 * commands.filter((c) => c.foreign && !c.shielded).length

/**
 * `streams`: where its output goes. dash and busybox take the redirections of `{ (…) <a; } >b` for those of the subshell alone, and forget
 * the first: so they stand in one place. `closed`: what it must not have, nor anything that it starts.
 */
function body(command: ScriptCommand, { decoder }: ScriptOptions, { streams = '', closed = '' } = {}): string {
  const run = `( N=; eval ${quote(command.script.text)}\n)${closed}`
  if (command.stdin === undefined || command.stdin.length === 0) return `${run} </dev/null ${streams}`
  const fed = `${encodeInput(command.stdin, decoder)} | ${run}`
  return streams === '' ? fed : `{ ${fed}\n} ${streams}`
}

const deadline = (command: ScriptCommand): string =>
  command.timeoutMs > 0 ? `vf_T ${command.seq} ${Math.ceil(command.timeoutMs / 10)}\n` : ''

function inline(command: ScriptCommand, options: ScriptOptions, last: boolean, endWatch: boolean): string {
  const wait = command.timeoutMs > 0 ? ' & vf_q' : ''
  const end = last
    ? `vf_s=$?\n${endWatch ? 'vf_J\n' : ''}vf_did\nvf_m E ${command.seq} "$vf_s"\n`
    : `vf_m E ${command.seq} $?\n`
  return `${deadline(command)}${body(command, options)}${wait}\n${end}`
}

/** `end`: said behind the last of a batch. */
function apart(command: ScriptCommand, options: ScriptOptions, end: string | undefined): string {
  const streams = '>&3 2>&4 3>&- 4>&-'
  const wait = command.timeoutMs > 0 ? ` & vf_q${command.shielded ? ' "$!"' : ''}` : ''
  const run = command.shielded
    ? `vf_p ${quote(`${SHIELDED}${body(command, options, { closed: ' 8>&-' })}\nexit $?\n`)} | $vf_x ${quote(options.shellPath)} -s ${streams}`
    : body(command, options, { streams })
  const after = end === undefined ? 'vf_m B\n' : `vf_J\n${end}\n`
  const [open, close] = command.shielded ? ['vf_F', 'vf_G'] : ['vf_O', 'vf_P']
  return `${open} ${command.seq}\n${deadline(command)}${run}${wait}\n${close} ${command.seq} $?\n${after}`
}
