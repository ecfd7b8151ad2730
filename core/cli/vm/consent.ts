import { printable } from '../../report/index.ts'
import { CliError } from '../exit.ts'
import { confirm } from '../prompt.ts'
import type { OpenFleet } from './open.ts'

const INTERRUPTED = 99

/** Asks, unless --yes was given. CliError where nobody can answer, and for a no. */
export async function demandConsent(open: OpenFleet, flags: { yes?: boolean }, question: string): Promise<void> {
  if (flags.yes) return
  const { streams, redactor } = open
  const text = redactor.text(printable(question))
  if (!streams.in.isTTY)
    throw new CliError(`cannot ask "${text}": standard input is no terminal`, { hint: 'use --yes' })
  if (!(await confirm(streams, text))) throw new CliError('nothing was done', { exitCode: INTERRUPTED })
}
