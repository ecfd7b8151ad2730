import { basename } from 'node:path'
import { digestsOf } from '../../core/connection/files/contents.ts'
import type { LargeFile } from '../../core/connection/files/large-file.ts'
import { sh } from '../../core/connection/quote.ts'
import { arg } from '../../core/module/arg.ts'
import { type Change, type Host, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { type Attributes, attributeArgs, describeEntry, diffAttributes, setAttributes } from './attributes.ts'
import { lookForLarge } from './content-large.ts'
import type { Entry } from './entry.ts'
import type { FolderState } from './folders.ts'
import { type Look, look, type Seen } from './looks.ts'
import { DIFF_LIMIT } from './looks-script.ts'

/*
 * A file whose whole content is declared: what copy, template and lineinfile have in common.
 */

export const contentArgs = {
  ...attributeArgs,
  backup: arg.bool().default(false).describe('keep the old file beside the new one, with the time in its name'),
  validate: arg.str().optional().describe('command that must accept the new file; %s is its path'),
  unsafe_writes: arg.bool().default(false).describe('write in place where the file cannot be replaced'),
}

export interface ContentArgs extends Attributes {
  readonly backup: boolean
  readonly validate?: string | undefined
  readonly unsafe_writes: boolean
}

/** A content: in memory, or as a file of the controller that is too large for it. */
export type Wanted = Buffer | LargeFile

export interface FileState {
  readonly path: string
  readonly wanted: Wanted
  /** What a link at the path leads to, or the thing itself. */
  readonly entry: Entry | undefined
  /** Content now, where it differs and is small enough. */
  readonly current: Buffer | undefined
  /** Number of the file system that has it, or would have it: whether others see a change there. */
  readonly device: number
}

export const sha256 = (content: Wanted): string => checksums(content).sha256

/** Of a content in memory, once for all hosts that get it; a large file has its own. */
export const checksums = (content: Wanted): { sha256: string; sha1: string; md5?: string } =>
  Buffer.isBuffer(content) ? digestsOf(content) : content

/** A file and the content that it shall have; undefined where that is not known yet. */
export interface Declared extends Pick<Look, 'path' | 'into'> {
  readonly wanted: Wanted | undefined
}

/** Where a file named `source` goes: into `dest` if that is a folder (or ends with a slash), else to `dest` itself. */
export function destination(dest: string, source: string): Pick<Look, 'path' | 'into'> {
  const name = basename(source)
  return dest.endsWith('/') ? { path: dest + name } : { path: dest, into: name }
}

/** Reads what is at a path, in one round trip; with its content for a diff, where that is not the one declared. */
export async function probeContent(host: Reader, file: Declared): Promise<FileState> {
  return (await probeTree(host, [file], [])).files[0]!
}

/** The same for many files, and folders beside them, in one round trip. */
export async function probeTree(
  host: Reader,
  files: readonly Declared[],
  folders: readonly string[],
): Promise<{ files: FileState[]; folders: FolderState[] }> {
  const small = files.filter(({ wanted }) => !isLarge(wanted))
  const [seen, large] = await Promise.all([
    look(host, [
      ...small.map(({ wanted, ...file }) => ({ ...file, content: { declared: wanted && sha256(wanted) } })),
      ...folders.map((path) => ({ path })),
    ]),
    Promise.all(files.flatMap((file) => (isLarge(file.wanted) ? [lookForLarge(host, file, file.wanted)] : []))),
  ])
  const rest: { small: Seen[]; large: Seen[] } = { small: [...seen], large: [...large] }
  return {
    files: files.map(({ wanted }) => {
      const { path, entry, content, device } = (isLarge(wanted) ? rest.large : rest.small).shift()!
      return { path, wanted: wanted ?? Buffer.alloc(0), entry, current: content, device }
    }),
    folders: rest.small,
  }
}

const isLarge = (wanted: Wanted | undefined): wanted is LargeFile => wanted !== undefined && !Buffer.isBuffer(wanted)

function isText(content: Wanted): content is Buffer {
  return !isLarge(content) && content.length <= DIFF_LIMIT && !content.includes(0)
}

/** Content, then attributes. `keep`: an existing file is left as it is (force: false). */
export function diffContent(state: FileState, args: Attributes, options: { keep?: boolean } = {}): Change[] {
  const { entry, wanted, path } = state
  if (entry && entry.kind !== 'file') {
    throw new ModuleFailure(`${path} is a ${entry.kind}, not a file`, {
      hint: 'name the file, or remove what is there',
    })
  }
  if (!entry) return [contentChange(state, undefined)]
  if (options.keep) return []
  const changes: Change[] = []
  if (entry.digest !== sha256(wanted)) changes.push(contentChange(state, entry.digest))
  return [...changes, ...diffAttributes(entry, args)]
}

function contentChange({ path, wanted, current }: FileState, digest: string | undefined): Change {
  const change: Change = {
    path: 'content',
    ...(digest !== undefined && { before: `sha256:${digest}` }),
    after: `sha256:${sha256(wanted)}`,
    effect: 'now',
  }
  const before = digest === undefined ? Buffer.alloc(0) : current
  if (!before || !isText(before) || !isText(wanted)) return change
  return { ...change, text: { header: path, before: before.toString(), after: wanted.toString() } }
}

/** Writes the content if it differs, else only sets the attributes. */
export async function applyContent(
  host: Host,
  state: FileState,
  args: ContentArgs,
  changes: readonly Change[],
): Promise<{ backup_file?: string }> {
  if (!changes.some((change) => change.path === 'content')) {
    const done = await host.run(sh.join([sh`set -e`, ...setAttributes(state.path, args)]), { childless: true })
    if (done.status !== 0) throw new ModuleFailure(done.stderr.toString().trim())
    return {}
  }
  const attributes = {
    ...(args.mode !== undefined && { mode: args.mode }),
    ...(args.owner !== undefined && { owner: args.owner }),
    ...(args.group !== undefined && { group: args.group }),
    ...(args.validate !== undefined && { validate: args.validate }),
    backup: args.backup && state.entry !== undefined,
    unsafeWrites: args.unsafe_writes,
  }
  const { path, wanted } = state
  const { backup } = await (isLarge(wanted)
    ? host.uploadFile(path, wanted, attributes)
    : host.writeFile(path, wanted, attributes))
  return backup === undefined ? {} : { backup_file: backup }
}

/** Ansible's return values of a file that was written; MD5 not of a large one, since it takes as long as all else. */
export function contentResult(state: FileState) {
  const { sha1, md5 } = checksums(state.wanted)
  return {
    dest: state.path,
    checksum: sha1,
    ...(md5 !== undefined && { md5sum: md5 }),
    ...(state.entry && describeEntry(state.entry)),
    size: isLarge(state.wanted) ? state.wanted.size : state.wanted.length,
    state: 'file',
  }
}
