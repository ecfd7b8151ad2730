import { relative } from 'node:path'
import { sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { setAttributes } from './attributes.ts'
import {
  applyContent,
  contentArgs,
  contentResult,
  type Declared,
  destination,
  diffContent,
  type FileState,
  probeContent,
  probeTree,
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
    const content = await host.files.read(source)
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
    for (const one of state.folders) {
      if (diffFolder(one, { ...a, mode: a.directory_mode }).length === 0) continue
      const script = [
        sh`set -e`,
        sh`mkdir -p -- ${one.path}`,
        ...setAttributes(one.path, { ...a, mode: a.directory_mode }),
      ]
      const done = await host.run(sh.join(script))
      if (done.status !== 0) throw new ModuleFailure(done.stderr.toString().trim())
    }
    let answer: { backup_file?: string } = {}
    for (const file of state.files) {
      const mine = { ...a, mode: file.mode }
      const changes = diffContent(file, mine, { keep: !a.force })
      if (changes.length > 0) answer = await applyContent(host, file, mine, changes)
    }
    return answer
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

type Args = { dest: string; mode?: string | undefined }

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
        const [wanted, stat] = await Promise.all([host.files.read(path), host.files.stat(path)])
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
