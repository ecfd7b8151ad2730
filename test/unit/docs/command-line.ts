import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { docCommand } from '../../../core/cli/doc.ts'
import { inventoryCommand } from '../../../core/cli/inventory.ts'
import { runCommand } from '../../../core/cli/run.ts'
import type { Streams } from '../../../core/cli/streams.ts'
import { vmCommand } from '../../../core/cli/vm.ts'

const streams = { in: new PassThrough(), out: new PassThrough(), err: new PassThrough() } as unknown as Streams

/** What is wrong with a command line of virtfleet, which is not run: unknown verb or option, too many or too few words. */
export function commandMistake(line: string): string | undefined {
  const program = new Command('virtfleet').exitOverride().configureOutput({ writeErr: () => undefined })
  for (const add of [runCommand, inventoryCommand, docCommand, vmCommand]) add(program, streams, () => undefined)
  let command = program
  let words = line.split(' ').slice(1)
  for (let next = named(command, words[0]); next; next = named(command, words[0])) {
    command = next.exitOverride().configureOutput({ writeErr: () => undefined })
    words = words.slice(1)
  }
  if (command === program) return `no verb ${words[0]}`
  try {
    const { operands, unknown } = command.parseOptions(words)
    const wanted = command.registeredArguments
    const needed = wanted.filter((one) => one.required).length
    const most = wanted.some((one) => one.variadic) ? Number.POSITIVE_INFINITY : wanted.length
    if (unknown.length > 0) return `unknown ${unknown.join(' ')}`
    return operands.length < needed || operands.length > most ? `${operands.length} words` : undefined
  } catch (error) {
    return String(error)
  }
}

const named = (command: Command, word: string | undefined): Command | undefined =>
  command.commands.find((one) => one.name() === word)
