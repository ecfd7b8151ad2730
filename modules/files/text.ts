import { isUtf8 } from 'node:buffer'
import type { JointRead } from '../../core/connection/joint.ts'
import { sh } from '../../core/connection/quote.ts'
import { ModuleFailure, type Reader } from '../../core/module/types.ts'
import { type Entry, PLAIN, permissionDenied } from './entry.ts'
import { look } from './looks.ts'

const MISSING = 44

/** A text file's content; undefined if there is none. Raises ModuleFailure for a folder or one that may not be read. */
export async function readText(host: Reader, path: string): Promise<string | undefined> {
  return await host.readJointly(texts, path)
}

/** A file at a time: what several tasks ask of one file is read once. */
const texts: JointRead<string, string | undefined> = {
  key: (path) => path,
  most: 1,
  script: ([path = '']) =>
    sh`${PLAIN}p=${path}; [ -e "$p" ] || exit ${MISSING}; [ -d "$p" ] && { echo 'is a directory' >&2; exit 1; }; exec cat <"$p"`,
  parse(answer, [path = '']) {
    if (answer.status === MISSING) return [undefined]
    if (answer.status !== 0) throw unreadable(path, answer.stderr)
    return [decode(path, answer.stdout)]
  },
}

export interface TextState {
  /** What a link at the path leads to, or the thing itself, and its text; undefined: nothing is there. */
  readonly file: { readonly entry: Entry; readonly text: string } | undefined
  /** Number of the file system: of the file, or of the nearest folder above a path that is not there. */
  readonly device: number
}

/** A text file with its attributes, in one round trip. Raises ModuleFailure for a folder or one that may not be read. */
export async function probeText(host: Reader, path: string): Promise<TextState> {
  const [seen] = await look(host, [{ path, content: 'text' }])
  const { entry, content, device } = seen!
  if (!entry) return { file: undefined, device }
  if (entry.kind !== 'file') throw new ModuleFailure(`cannot read ${path}: is a ${entry.kind}`)
  if (!content) throw permissionDenied(path)
  return { file: { entry, text: decode(path, content) }, device }
}

function unreadable(path: string, stderr: Buffer): ModuleFailure {
  return new ModuleFailure(`cannot read ${path}: ${stderr.toString().trim()}`)
}

function decode(path: string, content: Buffer): string {
  if (isUtf8(content)) return content.toString()
  throw new ModuleFailure(`${path} is not UTF-8 text`, { hint: 'convert it, or copy a whole file' })
}
