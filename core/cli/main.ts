import { Command, CommanderError } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { sourceStack } from './stack.ts'
import { ignoreBrokenPipes, processStreams, type Streams } from './streams.ts'
import { VERSION } from './version.ts'

/** Runs the command line and answers with its exit code. Verbs load their code only when they are called. */
export async function main(argv: readonly string[], streams: Streams = processStreams): Promise<number> {
  ignoreBrokenPipes(streams)
  let code: number = EXIT.ok
  const program = await createProgram(streams, (answer) => {
    code = answer
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return report(error, streams)
  }
}

async function createProgram(streams: Streams, done: (code: number) => void): Promise<Command> {
  const program = new Command('virtfleet')
    .description('orchestrates fleets of KVM hypervisors over SSH')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => streams.out.write(text), writeErr: (text) => streams.err.write(text) })
    .showSuggestionAfterError()
    .enablePositionalOptions()
  const [{ runCommand }, { labCommand }, { inventoryCommand }, { docCommand }, { vaultCommand }, { vmCommand }] =
    await Promise.all([
      import('./run.ts'),
      import('./lab.ts'),
      import('./inventory.ts'),
      import('./doc.ts'),
      import('./vault.ts'),
      import('./vm.ts'),
    ])
  runCommand(program, streams, done)
  inventoryCommand(program, streams, done)
  docCommand(program, streams, done)
  vaultCommand(program, streams, done)
  vmCommand(program, streams, done)
  labCommand(program, streams, done)
  for (const one of program.commands) inherit(one)
  program.action(() => {
    program.outputHelp()
    done(EXIT.badOptions)
  })
  return program
}

function inherit(command: Command): void {
  command.exitOverride()
  for (const one of command.commands) inherit(one)
}

function report(error: unknown, streams: Streams): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badOptions
  if (error instanceof CliError) {
    streams.err.write(`error: ${error.message}\n${error.hint === undefined ? '' : `hint: ${error.hint}\n`}`)
    return error.exitCode
  }
  const text = error instanceof Error ? sourceStack(error.stack ?? error.message) : String(error)
  streams.err.write(`internal error (please report it): ${text}\n`)
  return EXIT.error
}
