import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'
import {
  absentScript,
  type Digest,
  type Entry,
  octal,
  PLAIN,
  permissionDenied,
  statScript,
  takeEntry,
} from './entry.ts'

interface State {
  readonly entry: Entry | undefined
  /** Access of the task's user: some of r, w, x. */
  readonly access: string
  readonly mime: string | undefined
  /** Where a link leads in the end. */
  readonly source: string | undefined
}

export default defineState({
  name: 'stat',
  summary: 'Tells what is at a path.',
  args: arg.object(
    {
      path: arg.path().describe('what to look at'),
      follow: arg.bool().default(false).describe('look at what a link points to'),
      get_checksum: arg.bool().default(true),
      checksum_algorithm: arg.choice('md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512').default('sha1'),
      get_mime: arg.bool().default(true),
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
  async probe(host, args): Promise<State> {
    const answer = await host.read(lookScript(args))
    if (answer.status === DENIED) throw permissionDenied(args.path)
    if (answer.status !== 0) throw new ModuleFailure(`cannot stat ${args.path}: ${answer.stderr.toString().trim()}`)
    const [stat = '', access = '', ...rest] = answer.stdout.toString().split('\0')
    const found = new Map(rest.map((part) => [part.slice(0, part.indexOf(' ')), part.slice(part.indexOf(' ') + 1)]))
    const text = (name: string): string | undefined => found.get(name)?.replace(/\n$/, '') || undefined
    const [target, digest] = [found.get('target')?.replace(/\n$/, ''), text('digest')?.split(/\s/)[0]]
    return {
      entry:
        stat === ''
          ? undefined
          : {
              ...takeEntry(stat.split('\n'), args.path),
              ...(target !== undefined && { target }),
              ...(digest !== undefined && { digest }),
            },
      access,
      mime: text('mime')?.trim(),
      source: text('source'),
    }
  },
  diff: () => [],
  apply: async () => undefined,
  why: (state, args) => (state.entry ? `${args.path} is a ${state.entry.kind}` : `${args.path} does not exist`),
  result({ entry, access, mime, source }, args): JsonObject {
    return { stat: entry ? describe(entry, { access, mime, source }, args.path) : { exists: false } }
  },
})

const DENIED = 13

/** Prints the entry, the access, and named parts, each behind a NUL; nothing where there is none. */
function lookScript(args: {
  path: string
  follow: boolean
  get_checksum: boolean
  checksum_algorithm: Digest
  get_mime: boolean
}): ShellText {
  const { path, follow } = args
  const digest = sh`if [ -f "$p" ] && [ -r "$p" ]${sh.raw(follow ? '' : ' && [ ! -L "$p" ]')}; then
  printf '\\000digest '; ${sh.raw(`${args.checksum_algorithm}sum`)} <"$p"
fi`
  return sh`${PLAIN}p=${path}
if [ ! -e "$p" ]${sh.raw(follow ? '' : ' && [ ! -L "$p" ]')}; then
  ${absentScript(DENIED)}
  exit 0
fi
${statScript(sh`"$p"`, { follow })} || exit 1
printf '\\000'; for a in r w x; do [ -$a "$p" ] && printf %s $a; done
if [ -L "$p" ]; then
  printf '\\000source '; readlink -f -- "$p"
  ${follow ? sh`` : sh`printf '\\000target '; readlink -- "$p"`}
fi 2>/dev/null
${args.get_checksum ? digest : sh``}
${args.get_mime ? sh`m=$(file ${follow ? ['-L'] : []} -bi -- "$p" 2>/dev/null) && printf '\\000mime %s' "$m"` : sh``}
exit 0`
}

function describe(
  entry: Entry,
  { access, mime, source }: Pick<State, 'access' | 'mime' | 'source'>,
  path: string,
): JsonObject {
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
    ...(entry.digest !== undefined && { checksum: entry.digest }),
    ...(mime !== undefined && { mimetype: mime.split(';')[0]!, charset: /charset=(\S+)/.exec(mime)?.[1] ?? 'unknown' }),
  }
}
