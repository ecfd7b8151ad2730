import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Entry, type EntryKind, octal } from './entry.ts'
import { type Details, look } from './looks.ts'

/** As file(1) says of what has no content to guess from. */
const TYPES: Readonly<Record<Exclude<EntryKind, 'file'>, string>> = {
  directory: 'inode/directory',
  link: 'inode/symlink',
  char: 'inode/chardevice',
  block: 'inode/blockdevice',
  fifo: 'inode/fifo',
  socket: 'inode/socket',
}
const EMPTY = 'inode/x-empty'

interface State {
  readonly entry: Entry | undefined
  readonly details: Details | undefined
}

export default defineState({
  name: 'stat',
  summary: 'Tells what is at a path.',
  args: arg.object(
    {
      path: arg.path().describe('what to look at'),
      follow: arg.bool().default(false).describe('look at what a link points to'),
      get_checksum: arg
        .bool()
        .default(true)
        .describe(
          '`checksum`; a content is only read where something in the playbook may read it, or results are shown (`-v`, events)',
        ),
      checksum_algorithm: arg.choice('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512').default('sha1'),
      get_mime: arg.bool().default(true).describe('`mimetype` and `charset` by file(1), under the same condition'),
      get_attributes: arg.bool().default(true).describe('accepted; file attributes are not read'),
    },
    {
      aliases: {
        dest: 'path',
        name: 'path',
        checksum: 'checksum_algorithm',
        checksum_algo: 'checksum_algorithm',
        mime: 'get_mime',
        mime_type: 'get_mime',
        'mime-type': 'get_mime',
        attr: 'get_attributes',
        attributes: 'get_attributes',
      },
    },
  ),
  returns: { stat: 'exists, and if so mode, isdir, isreg, islnk, size, uid, gid, pw_name, gr_name, mtime, checksum …' },
  examples: `
- stat: path=/etc/libvirt/qemu.conf
  register: conf
`,
  async probe(host, { path, follow, ...args }): Promise<State> {
    const isRead = (name: string): boolean => host.wantsResult('stat', name)
    const digest = args.get_checksum && isRead('checksum') ? args.checksum_algorithm : undefined
    const details = { follow, digest, mime: args.get_mime && (isRead('mimetype') || isRead('charset')) }
    const [seen] = await look(host, [{ path, link: follow ? false : 'only', details }])
    return { entry: seen?.link ?? seen?.entry, details: seen?.details }
  },
  diff: () => [],
  apply: async () => undefined,
  why: (state, args) => (state.entry ? `${args.path} is a ${state.entry.kind}` : `${args.path} does not exist`),
  result: ({ entry, details }, args): JsonObject => ({
    stat: entry ? describe(entry, details, args) : { exists: false },
  }),
})

function describe(
  entry: Entry,
  details: Details | undefined,
  { path, get_mime }: { readonly path: string; readonly get_mime: boolean },
): JsonObject {
  const { access = '', source, digest } = details ?? {}
  const mime = get_mime ? mimeOf(entry, details) : undefined
  const has = (bit: number): boolean => (entry.mode & bit) !== 0
  return {
    exists: true,
    path,
    mode: octal(entry.mode),
    isdir: entry.kind === 'directory',
    ischr: entry.kind === 'char',
    isblk: entry.kind === 'block',
    isreg: entry.kind === 'file',
    isfifo: entry.kind === 'fifo',
    islnk: entry.kind === 'link',
    issock: entry.kind === 'socket',
    uid: entry.uid,
    gid: entry.gid,
    pw_name: entry.owner,
    gr_name: entry.group,
    size: entry.size,
    inode: entry.inode,
    dev: entry.device,
    nlink: entry.links,
    atime: entry.atime,
    mtime: entry.mtime,
    ctime: entry.ctime,
    rusr: has(0o400),
    wusr: has(0o200),
    xusr: has(0o100),
    rgrp: has(0o040),
    wgrp: has(0o020),
    xgrp: has(0o010),
    roth: has(0o004),
    woth: has(0o002),
    xoth: has(0o001),
    isuid: has(0o4000),
    isgid: has(0o2000),
    readable: access.includes('r'),
    writeable: access.includes('w'),
    executable: access.includes('x'),
    ...(entry.target !== undefined && { lnk_target: entry.target }),
    ...(entry.target !== undefined && { lnk_source: source ?? entry.target }),
    ...(digest !== undefined && { checksum: digest }),
    ...(mime !== undefined && { mimetype: mime.split(';')[0]!, charset: /charset=(\S+)/.exec(mime)?.[1] ?? 'unknown' }),
  }
}

function mimeOf({ kind, size }: Entry, details: Details | undefined): string | undefined {
  if (kind === 'file' && size > 0) return details?.mime
  return `${kind === 'file' ? EMPTY : TYPES[kind]}; charset=binary`
}
