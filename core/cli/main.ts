import { Command, CommanderError } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { sourceStack } from './stack.ts'
import { ignoreBrokenPipes, processStreams, type Streams } from './streams.ts'
import { VERSION } from './version.ts'

/** Runs the command line and answers with its exit code. Verbs load their code only when they are called. */
export async function main(argv: readonly string[], streams: Streams = processStreams): Promise<number> {
  ignoreBrokenPipes(streams)
  let code: number = EXIT.ok
  const program = await createProgram(argv[0], streams, (answer) => {
    code = answer
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return report(error, streams)
  }
}

type AddVerb = (program: Command, streams: Streams, done: (code: number) => void) => void

/** In the order of the help. */
const VERBS = new Map<string, () => Promise<AddVerb>>([
  ['run', async () => (await import('./run.ts')).runCommand],
  ['inventory', async () => (await import('./inventory.ts')).inventoryCommand],
  ['doc', async () => (await import('./doc.ts')).docCommand],
  ['vault', async () => (await import('./vault.ts')).vaultCommand],
  ['vm', async () => (await import('./vm.ts')).vmCommand],
  ['lab', async () => (await import('./lab.ts')).labCommand],
])

/** With the verb that is called, or with all where there is none of that name: for the help, and for what was meant. */
async function createProgram(
  verb: string | undefined,
  streams: Streams,
  done: (code: number) => void,
): Promise<Command> {
  const program = new Command('virtfleet')
    .description('orchestrates fleets of KVM hypervisors over SSH')
    .version(VERSION)
    .exitOverride()
    .configureOutput({ writeOut: (text) => streams.out.write(text), writeErr: (text) => streams.err.write(text) })
    .showSuggestionAfterError()
    .enablePositionalOptions()
  const called = VERBS.get(verb ?? '')
  for (const load of called ? [called] : VERBS.values()) (await load())(program, streams, done)
  for (const one of program.commands) inherit(one)
  // Only now: commands take over what they are made under, and would accept any number of arguments.
  program.helpCommand('help [command]').allowExcessArguments()
  program.action(async () => {
    const [unknown] = program.args
    if (unknown !== undefined) throw await noSuchVerb(unknown)
    program.outputHelp()
    done(EXIT.badOptions)
  })
  return program
}

async function noSuchVerb(name: string): Promise<CliError> {
  const { didYouMean } = await import('../language/index.ts')
  const guess = didYouMean(name, [...VERBS.keys()])
  const hint = guess === undefined ? 'see virtfleet --help' : `did you mean ${guess}?`
  return new CliError(`there is no command '${name}'`, { exitCode: EXIT.badOptions, hint })
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
