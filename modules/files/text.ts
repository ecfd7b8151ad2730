import { sh } from '../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../core/module/types.ts'
import { absentScript, ENTRY_LINES, type Entry, PLAIN, permissionDenied, statScript, takeEntry } from './entry.ts'

const MISSING = 44
const DENIED = 13

/** A text file's content; undefined if there is none. Raises ModuleFailure for a folder or one that may not be read. */
export async function readText(host: Reader, path: string): Promise<string | undefined> {
  const answer = await host.read(
    sh`${PLAIN}p=${path}; [ -e "$p" ] || exit ${MISSING}; [ -d "$p" ] && { echo 'is a directory' >&2; exit 1; }; exec cat <"$p"`,
  )
  if (answer.status === MISSING) return undefined
  if (answer.status !== 0) throw unreadable(path, answer.stderr)
  return decode(path, answer.stdout)
}

export interface TextState {
  /** What a link at the path leads to, or the thing itself, and its text; undefined: nothing is there. */
  readonly file: { readonly entry: Entry; readonly text: string } | undefined
  /** Number of the file system: of the file, or of the nearest folder above a path that is not there. */
  readonly device: number
}

/** A text file with its attributes, in one round trip. Raises ModuleFailure for a folder or one that may not be read. */
export async function probeText(host: Reader, path: string): Promise<TextState> {
  const answer = await host.read(sh`${PLAIN}p=${path}
if [ ! -e "$p" ]; then
  ${absentScript(DENIED)}
  ${statScript(sh`"$d"`, { follow: true })} || exit 1
  exit ${MISSING}
fi
[ ! -d "$p" ] || { echo 'is a directory' >&2; exit 1; }
${statScript(sh`"$p"`, { follow: true })} && exec cat <"$p"`)
  if (answer.status === DENIED) throw permissionDenied(path)
  const missing = answer.status === MISSING
  if (answer.status !== 0 && !missing) throw unreadable(path, answer.stderr)
  const end = endOfEntry(answer.stdout)
  const entry = takeEntry(answer.stdout.subarray(0, end).toString().split('\n'), path)
  const { device } = entry
  if (missing) return { file: undefined, device }
  return { file: { entry, text: decode(path, answer.stdout.subarray(end)) }, device }
}

/** Where the lines of an entry end. */
function endOfEntry(output: Buffer): number {
  let at = 0
  for (let i = 0; i < ENTRY_LINES; i++) at = output.indexOf('\n', at) + 1
  return at
}

function unreadable(path: string, stderr: Buffer): ModuleFailure {
  return new ModuleFailure(`cannot read ${path}: ${stderr.toString().trim()}`)
}

function decode(path: string, content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    throw new ModuleFailure(`${path} is not UTF-8 text`, { hint: 'convert it, or copy a whole file' })
  }
}
