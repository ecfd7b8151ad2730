import type { Command } from 'commander'
import { CliError, EXIT } from './exit.ts'
import type { Streams } from './streams.ts'

/** `virtfleet doc`: what a module takes and gives. */
export function docCommand(program: Command, streams: Streams, done: (code: number) => void): void {
  program
    .command('doc [module]')
    .description('list the modules, or describe one')
    .option('--schema', 'the JSON Schema of its arguments')
    .action(async (name: string | undefined, flags: { schema?: boolean }) => done(await show(name, flags, streams)))
}

async function show(name: string | undefined, flags: { schema?: boolean }, streams: Streams): Promise<number> {
  const [{ builtinModules }, { modulePage, argumentSchema, moduleNames }] = await Promise.all([
    import('../../modules/index.ts'),
    import('../module/document.ts'),
  ])
  if (name === undefined) {
    for (const one of moduleNames(builtinModules)) {
      const module = await builtinModules.load(one)
      streams.out.write(`${one.padEnd(22)} ${module?.summary ?? ''}\n`)
    }
    return EXIT.ok
  }
  const module = await builtinModules.load(name)
  if (!module) {
    const { didYouMean } = await import('../language/index.ts')
    const guess = didYouMean(name, [...builtinModules.names()])
    throw new CliError(`no module is named '${name}'`, {
      exitCode: EXIT.error,
      ...(guess !== undefined && { hint: `did you mean ${guess}?` }),
    })
  }
  streams.out.write(flags.schema ? `${JSON.stringify(argumentSchema(module), null, 2)}\n` : modulePage(module))
  return EXIT.ok
}
