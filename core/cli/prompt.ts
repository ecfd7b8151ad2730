import { CliError } from './exit.ts'
import type { Streams } from './streams.ts'

/** Asks for one line on the terminal; `hidden` for passwords. CliError where nobody can answer. */
export async function ask(streams: Streams, question: string, options: { hidden?: boolean } = {}): Promise<string> {
  if (!streams.in.isTTY) {
    throw new CliError(`cannot ask "${question.trim()}": standard input is no terminal`, {
      hint: 'use the option that names a file',
    })
  }
  const { createInterface } = await import('node:readline')
  streams.err.write(question)
  // Without an output readline echoes nothing, and the terminal is in raw mode while it reads.
  const reader = createInterface({
    input: streams.in,
    terminal: true,
    ...(options.hidden ? {} : { output: streams.err }),
  })
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once('line', resolve)
      reader.once('SIGINT', () => reject(new CliError('interrupted', { exitCode: 99 })))
      reader.once('close', () => reject(new CliError('no answer was given')))
    })
  } finally {
    reader.close()
    if (options.hidden) streams.err.write('\n')
  }
}

export async function confirm(streams: Streams, question: string): Promise<boolean> {
  const answer = await ask(streams, `${question} [y/N] `)
  return /^y(es)?$/i.test(answer.trim())
}
