import { OutputTooLarge } from '../errors.ts'
import { sh } from '../quote.ts'
import type { CommandOptions, Shell } from '../types.ts'
import { FileError, saidBy } from './errors.ts'

const DEFAULT_MAX = 4 * 1024 * 1024
const MISSING = 44

/** A file's content; undefined if there is none. Raises FileError if it cannot be read or is larger than `max` bytes (4 MiB). */
export async function readFile(
  shell: Shell,
  path: string,
  options: { max?: number } & Pick<CommandOptions, 'signal' | 'timeoutMs'> = {},
): Promise<Buffer | undefined> {
  const { max = DEFAULT_MAX, ...run } = options
  const script = sh`[ -e ${path} ] || [ -h ${path} ] || exit ${MISSING}
[ ! -d ${path} ] || { echo "is a directory" >&2; exit 3; }
exec cat <${path}`
  try {
    const result = await shell.run(script, { ...run, maxOutput: max })
    if (result.status === MISSING) return undefined
    if (result.status !== 0) {
      throw new FileError(path, `${path} cannot be read: ${saidBy(result.merged ? result.stdout : result.stderr)}`)
    }
    return result.stdout
  } catch (error) {
    if (error instanceof OutputTooLarge) throw new FileError(path, `${path} is larger than ${max} bytes`)
    throw error
  }
}
