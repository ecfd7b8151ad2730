import { type ShellText, sh } from '../quote.ts'

/**
 * The end of a script: it becomes the program, as leader of a session of its own where the shell that runs the script offers that, and in
 * place of the script's shell everywhere. For commands with `leads`. A program that cannot be found is left to the shell to complain about.
 */
export const leader = (program: ShellText, rest: ShellText): ShellText =>
  sh.raw(`command -v ${program} >/dev/null 2>&1 || vf_lead=
exec $vf_lead ${program} ${rest}`)
