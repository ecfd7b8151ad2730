import { sh } from '../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../core/module/types.ts'

/** A text file's content; undefined if there is none. Raises ModuleFailure for a folder or one that may not be read. */
export async function readText(host: Reader, path: string): Promise<string | undefined> {
  const answer = await host.read(
    sh`p=${path}; [ -e "$p" ] || exit 44; [ -d "$p" ] && { echo 'is a directory' >&2; exit 1; }; exec cat -- "$p"`,
  )
  if (answer.status === 44) return undefined
  if (answer.status !== 0) throw new ModuleFailure(`cannot read ${path}: ${answer.stderr.toString().trim()}`)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(answer.stdout)
  } catch {
    throw new ModuleFailure(`${path} is not UTF-8 text`, { hint: 'convert it, or copy a whole file' })
  }
}
