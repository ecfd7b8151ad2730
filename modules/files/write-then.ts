import { dirname } from 'node:path'
import type { ReplaceOptions } from '../../core/connection/files/install.ts'
import { replaceScript } from '../../core/connection/files/replace.ts'
import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { CommandOptions, CommandResult } from '../../core/connection/types.ts'
import { type Host, ModuleFailure } from '../../core/module/types.ts'

/** A short text of a host's configuration that shall be in a file, and no secret; undefined: no such file. */
export interface ConfigText extends Pick<ReplaceOptions, 'mode' | 'backup'> {
  readonly path: string
  readonly text: string | undefined
  /** Its folder is made if it is missing. */
  readonly folder?: boolean
}

/**
 * Writes configuration, then puts it into force, in one script: what could not be written is not acted on. Answers with the names
 * of backups, by path, and how the act ended; raises ModuleFailure where a file could not be written.
 */
export async function writeThen(
  host: Host,
  files: readonly ConfigText[],
  act: ShellText,
  options: CommandOptions = {},
): Promise<{ backups: ReadonlyMap<string, string>; done: CommandResult }> {
  const steps = files.map(({ path, text, folder, ...rest }) => {
    if (text === undefined) return sh`rm -f -- ${path} || exit 1\necho`
    const made = folder ? sh`mkdir -p -- ${dirname(path)} || exit 1\n` : sh``
    return sh`${made}( ${replaceScript(path, text, rest)}\n) || exit 1`
  })
  const result = await host.run(sh.join([...steps, act]), options)
  // Each file that was written has a line.
  const lines = result.stdout.toString().split('\n')
  const written = Math.min(lines.length - 1, files.length)
  const failed = files[written]
  if (failed) {
    const said = (result.merged ? result.stdout : result.stderr).toString().trim()
    throw new ModuleFailure(`${failed.path} was not written: ${said.split('\n').slice(-2).join('; ')}`)
  }
  const names = lines.slice(0, files.length)
  const backups = new Map(files.map(({ path }, i) => [path, names[i] ?? ''] as const).filter(([, name]) => name !== ''))
  const stdout = Buffer.from(lines.slice(files.length).join('\n'))
  return { backups, done: { ...result, stdout } }
}
