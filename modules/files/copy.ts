import { basename, relative } from 'node:path'
import { LARGE_FILE } from '../../core/connection/files/large-file.ts'
import { sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, type Host, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { setAttributes } from './attributes.ts'
import {
  applyContent,
  checksums,
  contentArgs,
  contentResult,
  type Declared,
  destination,
  diffContent,
  type FileState,
  probeContent,
  probeTree,
  type Wanted,
} from './content.ts'
import { octal } from './entry.ts'
import { diffFolder, type FolderState } from './folders.ts'

const args = arg
  .object({
    src: arg.name().optional().describe('file or folder of the controller (of the host with remote_src)'),
    content: arg.raw().optional().describe('the content itself, instead of src; a dict or list is written as JSON'),
    dest: arg.path().describe('path on the host'),
    ...contentArgs,
    mode: arg.mode().or(arg.choice('preserve')).optional().describe('permissions; preserve takes those of the source'),
    directory_mode: arg.mode().optional().describe('permissions of folders that are made'),
    force: arg.bool().default(true).describe('no: only write where there is no file yet'),
    remote_src: arg.bool().default(false).describe('src is on the host'),
    follow: arg.bool().default(false).describe('accepted; a link at the destination is always followed'),
    checksum: arg.str().optional().describe('SHA-1 that the source must have'),
  })
  .refine((a) => (a.src === undefined) !== (a.content === undefined), { message: 'give either src or content' })
  .refine((a) => a.content === undefined || !a.dest.endsWith('/'), {
    message: 'content needs a file name as dest, not a folder',
  })

interface State {
  /** One file, or the content of one; else a folder with all below it. */
  readonly single: boolean
  readonly files: readonly (FileState & { readonly mode: string | undefined })[]
  readonly folders: readonly FolderState[]
}

export default defineState({
  name: 'copy',
  summary: 'Copies files or a content to the host.',
  description: `A file of 4 MiB or more is read once for all hosts and sent without being held in memory: its holes are left out, it
is compressed where the link is slow enough for that, and an upload that broke off is gone on with by the next run. Over one uplink
(the first bastion, or the controller's own line) four are sent at once; the variable \`virtfleet_uploads\` says how many.`,
  args,
  returns: {
    dest: 'path written',
    checksum: 'SHA-1 of the content',
    backup_file: 'name of the backup, if one was made',
  },
  examples: `
- copy: src=keys/ dest=/etc/pki/libvirt/ owner=root mode=0600
- copy:
    content: "{{ banner }}\\n"
    dest: /etc/motd
`,
  async probe(host, a): Promise<State> {
    if (a.content !== undefined) {
      const text = typeof a.content === 'string' ? a.content : JSON.stringify(a.content)
      return single(await probeContent(host, { path: a.dest, wanted: Buffer.from(text) }), fixed(a.mode))
    }
    if (a.remote_src) return remoteSource(host, a.src!, a.dest, a.mode)
    const source = await host.files.find('files', a.src!)
    const stat = await host.files.stat(source)
    if (stat.kind === 'directory') return folder(host, source, a.src!.endsWith('/'), a)
    const content = await contentOf(host, source, stat.size)
    if (a.checksum !== undefined) checkSource(source, content, a.checksum)
    const mode = a.mode === 'preserve' ? octal(stat.mode & 0o7777) : fixed(a.mode)
    return intoFolder(host, { ...destination(a.dest, source), wanted: content }, a.dest, mode)
  },
  diff(state, a) {
    const changes: Change[] = state.folders.flatMap((one) => diffFolder(one, { ...a, mode: a.directory_mode }))
    for (const file of state.files) {
      const own = diffContent(file, { ...a, mode: file.mode }, { keep: !a.force })
      changes.push(...(state.single ? own : own.map((change) => ({ ...change, path: `${file.path} ${change.path}` }))))
    }
    return changes
  },
  async apply(host, a, state) {
    const due = state.files.flatMap((file) => {
      const mine = { ...a, mode: file.mode }
      const changes = diffContent(file, mine, { keep: !a.force })
      return changes.length > 0 ? [{ file, put: () => applyContent(host, file, mine, changes) }] : []
    })
    // The folders and what is small in one write, in this order; the rest when the folders are there.
    const small = due.filter(({ file }) => isSmall(file.wanted))
    const [, ...answers] = await Promise.all([makeFolders(host, a, state.folders), ...small.map(({ put }) => put())])
    for (const { file, put } of due) if (!isSmall(file.wanted)) answers.push(await put())
    return answers.at(-1)
  },
  result(state, a): JsonObject {
    const [file] = state.files
    if (file && state.single) {
      return { ...contentResult(file), ...(a.src !== undefined && { src: a.src }) }
    }
    return { dest: a.dest, ...(a.src !== undefined && { src: a.src }) }
  },
  why: (_state, a) => `${a.dest} has this content`,
})

/** It travels with the commands of the shell, and in their order. */
const isSmall = (wanted: Wanted): boolean => Buffer.isBuffer(wanted) && wanted.length <= ORDERED_INPUT

const ORDERED_INPUT = 64 * 1024

async function makeFolders(host: Host, a: Args, folders: readonly FolderState[]): Promise<void> {
  const wanted = { ...a, mode: a.directory_mode }
  const steps = folders
    .filter((one) => diffFolder(one, wanted).length > 0)
    .flatMap(({ path }) => [sh`mkdir -p -- ${path}`, ...setAttributes(path, wanted)])
  if (steps.length === 0) return
  const done = await host.run(sh.join([sh`set -e`, ...steps]))
  if (done.status !== 0) throw new ModuleFailure(done.stderr.toString().trim())
}

/** Of a file too large for memory only the checksums; it is read when it is sent. */
async function contentOf(host: Reader, path: string, size: number): Promise<Wanted> {
  if (size < LARGE_FILE) return host.files.read(path)
  const onProgress = (percent: number): void => host.progress(`reading ${basename(path)} on the controller`, percent)
  return (await host.files.large(path, { signal: host.signal, onProgress })) ?? host.files.read(path)
}

function checkSource(path: string, content: Wanted, checksum: string): void {
  const { sha1 } = checksums(content)
  if (sha1 === checksum.toLowerCase()) return
  throw new ModuleFailure(`${path} is not the file that checksum names: its SHA-1 is ${sha1}`)
}

type Args = ReturnType<typeof args.parse>

const fixed = (mode: string | undefined): string | undefined => (mode === 'preserve' ? undefined : mode)

function single(file: FileState, mode: string | undefined, folders: readonly FolderState[] = []): State {
  return { single: true, files: [{ ...file, mode }], folders }
}

/** With a slash at its end, the destination is a folder that is made if it is missing; one that is there stays as it is. */
async function intoFolder(host: Reader, file: Declared, dest: string, mode: string | undefined): Promise<State> {
  const folder = dest.endsWith('/') && dest !== '/' ? [dest.slice(0, -1)] : []
  const { files, folders } = await probeTree(host, [file], folder)
  return single(
    files[0]!,
    mode,
    folders.filter((one) => !one.entry),
  )
}

/** A folder with all below it; with a slash at the source's end only what is in it, as rsync and Ansible have it. */
async function folder(host: Reader, source: string, contentsOnly: boolean, a: Args): Promise<State> {
  const root = contentsOnly ? a.dest.replace(/\/$/, '') : `${a.dest.replace(/\/$/, '')}/${source.split('/').at(-1)}`
  const names = await host.files.list(source)
  const sources = await Promise.all(
    names
      .filter((name) => !name.endsWith('/'))
      .map(async (name) => {
        const path = `${source}/${name}`
        const stat = await host.files.stat(path)
        const wanted = await contentOf(host, path, stat.size)
        const mode = a.mode === 'preserve' ? octal(stat.mode & 0o7777) : a.mode
        return { path: `${root}/${relative(source, path)}`, wanted, mode }
      }),
  )
  const { files, folders } = await probeTree(
    host,
    sources,
    ['', ...names.filter((name) => name.endsWith('/'))].map((name) => `${root}/${name}`.replace(/\/$/, '')),
  )
  return { single: false, files: files.map((one, i) => ({ ...one, mode: sources[i]!.mode })), folders }
}

const REMOTE_LIMIT = 8 * 1024 * 1024

async function remoteSource(host: Reader, src: string, dest: string, mode: string | undefined): Promise<State> {
  const [content, there] = await Promise.all([
    host.read(
      sh`[ -f ${src} ] && m=$(stat -L -c '%s %a' -- ${src}) && [ "\${m% *}" -le ${REMOTE_LIMIT} ] || exit 3
printf '%s\n' "\${m#* }"; exec cat <${src}`,
    ),
    intoFolder(host, { ...destination(dest, src), wanted: undefined }, dest, undefined),
  ])
  if (content.status !== 0) {
    throw new ModuleFailure(`${src} on the host is not a readable file of at most 8 MiB`, {
      hint: 'use command: cp -a for more',
    })
  }
  const end = content.stdout.indexOf('\n')
  const wanted = content.stdout.subarray(end + 1)
  const own = mode === 'preserve' ? content.stdout.subarray(0, end).toString() : mode
  return { ...there, files: there.files.map((file) => ({ ...file, wanted, mode: own })) }
}
