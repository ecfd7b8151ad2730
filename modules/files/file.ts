import { type ShellText, sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { attributeArgs, describeEntry, diffAttributes, setAttributes } from './attributes.ts'
import type { Entry } from './entry.ts'
import { look } from './looks.ts'
import { diffRecursion, probeRecursion, type RecursionState } from './recursion.ts'

const args = arg
  .object(
    {
      path: arg.path().describe('what to manage'),
      state: arg.choice('file', 'directory', 'link', 'hard', 'touch', 'absent').optional(),
      src: arg.name().optional().describe('what a link leads to'),
      ...attributeArgs,
      recurse: arg.bool().default(false).describe('attributes of everything below a directory too'),
      force: arg.bool().default(false).describe('make the link though the source is missing or a file is in its place'),
      follow: arg.bool().default(true).describe('attributes of what a link leads to'),
    },
    { aliases: { dest: 'path', name: 'path' } },
  )
  .refine((a) => (a.state !== 'link' && a.state !== 'hard') || a.src !== undefined, { message: 'a link needs src' })
  .refine((a) => !a.recurse || a.state === 'directory', { message: 'recurse needs state: directory' })

interface State {
  readonly entry: Entry | undefined
  /** What the link at the path leads to, or the entry itself. */
  readonly followed: Entry | undefined
  readonly source: Entry | undefined
  /** Number of the file system: of the entry, or of the nearest folder above a path that is made. */
  readonly device: number | undefined
  readonly below: RecursionState | undefined
}

type Args = ReturnType<typeof args.parse>
type Wanted = NonNullable<Args['state']>

export default defineState({
  name: 'file',
  summary: 'Manages directories, links and the attributes of files.',
  args,
  returns: { path: 'the path', state: 'what it is now', mode: 'its permissions' },
  examples: `
- file: path=/srv/images state=directory owner=root group=kvm mode=0775
- file: path=/etc/libvirt/qemu/networks/autostart/default.xml state=absent
`,
  async probe(host, a): Promise<State> {
    const [seen, below] = await Promise.all([lookAt(host, a), a.recurse ? probeRecursion(host, a.path, a) : undefined])
    return { ...seen, below }
  },
  diff: (state, a) => rules[wantedState(state, a)](state, a),
  async apply(host, a, state, changes) {
    const script = sh.join([sh`set -e`, ...steps(state, a, changes)])
    const done = await host.run(script, { childless: true })
    if (done.status !== 0) throw new ModuleFailure(done.stderr.toString().trim() || `could not change ${a.path}`)
    return undefined
  },
  result(state, a): JsonObject {
    const entry = managed(state, a)
    const link = a.state === 'link' || a.state === 'hard'
    return {
      path: a.path,
      ...(link && { dest: a.path, src: a.src }),
      ...(entry ? describeEntry(entry) : { state: 'absent' }),
    }
  },
  why: (_state, a) => `${a.path} is as declared`,
})

const sourcePath = (a: Args): string =>
  a.src!.startsWith('/') ? a.src! : `${a.path.slice(0, a.path.lastIndexOf('/'))}/${a.src!}`

async function lookAt(host: Reader, a: Args): Promise<Omit<State, 'below'>> {
  const link = follows(a) ? true : 'only'
  const paths = [{ path: a.path, link } as const, ...(a.src === undefined ? [] : [{ path: sourcePath(a) }])]
  const [at, from] = await look(host, paths)
  const { entry: followed, link: itself, device } = at!
  const entry = itself ?? followed
  // What is not there and shall not be is on no file system.
  const nowhere = !entry && a.state === 'absent'
  return { entry, followed, source: from?.entry, device: nowhere ? undefined : (itself?.device ?? device) }
}

const follows = (a: Args): boolean => a.follow && a.state !== 'link' && a.state !== 'absent'
const managed = (state: State, a: Args): Entry | undefined =>
  follows(a) ? (state.followed ?? state.entry) : state.entry

function wantedState(state: State, a: Args): Wanted {
  if (a.state !== undefined) return a.state
  return managed(state, a)?.kind === 'directory' ? 'directory' : 'file'
}

const make = (path: string, after: string, entry?: Entry): Change => ({
  path: 'state',
  before: entry ? entry.kind : 'absent',
  after,
  effect: 'now',
  note: path,
})

const rules: Record<Wanted, (state: State, a: Args) => Change[]> = {
  absent: ({ entry }, a) => (entry ? [make(a.path, 'absent', entry)] : []),
  directory(state, a) {
    const entry = managed(state, a)
    if (!entry) return [make(a.path, 'directory')]
    if (entry.kind !== 'directory') throw new ModuleFailure(`${a.path} already exists as a ${entry.kind}`)
    return [...diffAttributes(entry, a), ...(state.below ? diffRecursion(state.below) : [])]
  },
  file(state, a) {
    const entry = managed(state, a)
    if (!entry) {
      throw new ModuleFailure(`file (${a.path}) is absent, cannot continue`, {
        hint: 'state: touch makes an empty file; copy a full one',
      })
    }
    if (entry.kind === 'directory') throw new ModuleFailure(`${a.path} is a directory`)
    return diffAttributes(entry, a)
  },
  touch(state, a) {
    const entry = managed(state, a)
    if (!entry) return [make(a.path, 'file')]
    return [{ path: 'times', after: 'now', effect: 'action' }, ...diffAttributes(entry, a)]
  },
  link(state, a) {
    const { entry, source } = state
    if (!source && !a.force) {
      throw new ModuleFailure(`src file does not exist: ${a.src}`, {
        hint: 'use force: true to make the link all the same',
      })
    }
    if (entry?.kind === 'link')
      return entry.target === a.src
        ? diffAttributes(entry, { ...a, mode: undefined })
        : [make(a.path, `link to ${a.src}`, entry)]
    refuseReplace(entry, a)
    return [make(a.path, `link to ${a.src}`, entry)]
  },
  hard(state, a) {
    const { entry, source } = state
    if (!source) throw new ModuleFailure(`src does not exist: ${a.src}`)
    if (entry && entry.inode === source.inode && entry.device === source.device) return diffAttributes(entry, a)
    refuseReplace(entry, a)
    return [make(a.path, `hard link to ${a.src}`, entry)]
  },
}

function refuseReplace(entry: Entry | undefined, a: Args): void {
  if (!entry) return
  if (entry.kind === 'directory') throw new ModuleFailure(`refusing to replace the directory ${a.path} with a link`)
  if (!a.force)
    throw new ModuleFailure(`refusing to replace the ${entry.kind} ${a.path} with a link`, { hint: 'use force: true' })
}

function steps(state: State, a: Args, changes: readonly Change[]): ShellText[] {
  const wanted = wantedState(state, a)
  const made = changes.some((change) => change.path === 'state')
  const temporary = `${a.path}.virtfleet-new`
  const parts: ShellText[] = []
  if (wanted === 'absent') return [sh`rm -rf -- ${a.path}`]
  if (wanted === 'directory' && made) parts.push(sh`mkdir -p -- ${a.path}`)
  if (wanted === 'touch') parts.push(sh`touch -- ${a.path}`)
  if (wanted === 'link' && made)
    parts.push(
      sh`ln -sfn -- ${a.src!} ${temporary}`,
      sh`mv -fT -- ${temporary} ${a.path} 2>/dev/null || { rm -f -- ${a.path}; mv -f -- ${temporary} ${a.path}; }`,
    )
  if (wanted === 'hard' && made) parts.push(sh`ln -f -- ${sourcePath(a)} ${a.path}`)
  parts.push(...setAttributes(a.path, a, { link: wanted === 'link', recurse: a.recurse }))
  return parts
}
