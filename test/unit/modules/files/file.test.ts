import { expect } from 'chai'
import type { Json } from '../../../../core/events/json.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import type { Entry } from '../../../../modules/files/entry.ts'
import file from '../../../../modules/files/file.ts'

const entry = (parts: Partial<Entry>): Entry => ({
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  owner: 'root',
  group: 'root',
  size: 3,
  inode: 7,
  device: 1,
  links: 1,
  atime: 0,
  mtime: 0,
  ctime: 0,
  ...parts,
})
const FILE = entry({})
const FOLDER = entry({ kind: 'directory', mode: 0o755 })
const LINK = entry({ kind: 'link', mode: 0o777, target: '/real' })

interface Probed {
  entry?: Entry | undefined
  followed?: Entry | undefined
  source?: Entry | undefined
}

function changes(input: Json, { entry: one, followed = one, source }: Probed): string {
  const args = file.args as unknown as {
    safeParse(value: Json): { success: boolean; data: never; error?: { issues: { message: string }[] } }
  }
  const parsed = args.safeParse(input)
  if (!parsed.success) return `refused: ${parsed.error?.issues[0]?.message}`
  try {
    const list = file.diff({ entry: one, followed, source, below: undefined } as never, parsed.data)
    return list
      .map((c) => `${c.effect === 'now' ? '' : `${c.effect} `}${c.path}: ${c.before ?? ''} > ${String(c.after)}`)
      .join('; ')
  } catch (error) {
    if (!(error instanceof ModuleFailure)) throw error
    return `failed: ${error.message}`
  }
}

const p = '/x'
const TABLE: readonly (readonly [Json, Probed, string])[] = [
  [{ path: p, state: 'absent' }, {}, ''],
  [{ path: p, state: 'absent' }, { entry: FOLDER }, 'state: directory > absent'],
  [{ path: p, state: 'absent' }, { entry: LINK, followed: FILE }, 'state: link > absent'],
  [{ dest: p, state: 'directory' }, {}, 'state: absent > directory'],
  [{ name: p, state: 'directory', mode: '0755' }, { entry: FOLDER }, ''],
  [{ path: p, state: 'directory', mode: '02755' }, { entry: FOLDER }, 'mode: 0755 > 2755'],
  [{ path: p, state: 'directory', mode: 'g+w,o=' }, { entry: FOLDER }, 'mode: 0755 > 0770'],
  [{ path: p, state: 'directory' }, { entry: FILE }, 'failed: /x already exists as a file'],
  [
    { path: p, state: 'directory', owner: 'libvirt-qemu' },
    { entry: LINK, followed: FOLDER },
    'owner: root > libvirt-qemu',
  ],
  [{ path: p, mode: 420 }, { entry: FILE }, ''],
  [{ path: p, mode: '0600', owner: 0, group: 'kvm' }, { entry: FILE }, 'group: root > kvm; mode: 0644 > 0600'],
  [{ path: p }, { entry: FOLDER }, ''],
  [{ path: p }, {}, 'failed: file (/x) is absent, cannot continue'],
  [{ path: p, state: 'file' }, { entry: FOLDER }, 'failed: /x is a directory'],
  [{ path: p, state: 'touch' }, {}, 'state: absent > file'],
  [{ path: p, state: 'touch', mode: '0600' }, { entry: FILE }, 'action times:  > now; mode: 0644 > 0600'],
  [{ path: p, state: 'link' }, {}, 'refused: a link needs src'],
  [{ path: p, state: 'link', src: '/real' }, { source: FILE }, 'state: absent > link to /real'],
  [{ path: p, state: 'link', src: '/real' }, {}, 'failed: src file does not exist: /real'],
  [{ path: p, state: 'link', src: '/real', force: true }, {}, 'state: absent > link to /real'],
  [{ path: p, state: 'link', src: '/real' }, { entry: LINK, source: FILE }, ''],
  [{ path: p, state: 'link', src: '/other' }, { entry: LINK, source: FILE }, 'state: link > link to /other'],
  [
    { path: p, state: 'link', src: '/real' },
    { entry: FILE, source: FILE },
    'failed: refusing to replace the file /x with a link',
  ],
  [{ path: p, state: 'link', src: '/real', force: true }, { entry: FILE, source: FILE }, 'state: file > link to /real'],
  [
    { path: p, state: 'link', src: '/real', force: true },
    { entry: FOLDER, source: FILE },
    'failed: refusing to replace the directory /x with a link',
  ],
  [{ path: p, state: 'hard', src: '/real' }, { entry: FILE, source: FILE }, ''],
  [{ path: p, state: 'hard', src: '/real' }, { source: FILE }, 'state: absent > hard link to /real'],
  [{ path: p, recurse: true }, {}, 'refused: recurse needs state: directory'],
  [{ path: 'x' }, {}, 'refused: must be an absolute path'],
]

describe('file', () => {
  for (const [args, state, expected] of TABLE) {
    const found = state.entry ? state.entry.kind : 'nothing'
    it(`${JSON.stringify(args)} where ${found} is`, () => expect(changes(args, state)).to.equal(expected))
  }
})
