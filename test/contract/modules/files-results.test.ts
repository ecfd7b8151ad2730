import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Json, JsonObject } from '../../../core/events/json.ts'
import type { StateModule } from '../../../core/module/types.ts'
import copy from '../../../modules/files/copy.ts'
import file from '../../../modules/files/file.ts'
import lineinfile from '../../../modules/files/lineinfile.ts'
import stat from '../../../modules/files/stat.ts'
import { askAnsible } from '../../unit/modules/files/ansible.ts'
import { SshdHost } from './sshd-host.ts'

// biome-ignore lint/suspicious/noExplicitAny: a table of modules of every type
const MODULES: Record<string, StateModule<any, any, any>> = { copy, file, lineinfile, stat }

/** Module, arguments, and which of Ansible's values we give alike. */
const TABLE: readonly (readonly [string, JsonObject, readonly string[]])[] = [
  [
    'copy',
    { content: 'x\n', dest: 'DIR/new', mode: '0640' },
    ['changed', 'checksum', 'md5sum', 'dest', 'mode', 'owner', 'group', 'uid', 'gid', 'size', 'state'],
  ],
  [
    'copy',
    { content: 'x\n', dest: 'DIR/new', mode: '0640' },
    ['changed', 'checksum', 'dest', 'mode', 'owner', 'group', 'uid', 'gid', 'size', 'state'],
  ],
  [
    'file',
    { path: 'DIR/d', state: 'directory', mode: '0750' },
    ['changed', 'path', 'mode', 'owner', 'group', 'uid', 'gid', 'state'],
  ],
  ['file', { path: 'DIR/f', mode: 'u=rw,go=' }, ['changed', 'path', 'mode', 'owner', 'size', 'state']],
  ['file', { path: 'DIR/l', src: 'DIR/f', state: 'link' }, ['changed', 'dest', 'src', 'state', 'mode', 'owner']],
  ['file', { path: 'DIR/l', state: 'absent' }, ['changed', 'path', 'state']],
  ['lineinfile', { path: 'DIR/f', line: 'b' }, ['changed', 'msg', 'backup']],
  ['lineinfile', { path: 'DIR/f', line: 'b' }, ['changed', 'msg', 'backup']],
  ['lineinfile', { path: 'DIR/f', line: 'b', state: 'absent' }, ['changed', 'msg', 'found']],
]

const STATS: readonly JsonObject[] = [
  { path: 'DIR/f' },
  { path: 'DIR/link' },
  { path: 'DIR/link', follow: true, get_mime: false },
  { path: 'DIR/relative' },
  { path: 'DIR/dangling', get_mime: false },
  { path: 'DIR/sub' },
  { path: 'DIR/empty' },
  { path: 'DIR/fifo' },
  { path: 'DIR/none' },
  { path: '/dev/null' },
  { path: 'DIR/f', checksum_algorithm: 'sha256' },
  { path: 'DIR/f', get_checksum: false, get_mime: false },
]

/** Not told, or another file's. */
const NOT_OURS = [
  'attr_flags',
  'attributes',
  'version',
  'block_size',
  'blocks',
  'device_type',
  'inode',
  'dev',
  'ctime',
  'atime',
  'mtime',
]

describe('results of file modules beside those of Ansible', function () {
  this.timeout(300_000)
  const lab = new SshdHost()
  const theirs = mkdtempSync(join(tmpdir(), 'virtfleet-peer-'))
  let answers: JsonObject[]

  function prepare(folder: string): void {
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'f'), 'a\n')
    symlinkSync(join(folder, 'f'), join(folder, 'link'))
    symlinkSync('f', join(folder, 'relative'))
    symlinkSync('nowhere', join(folder, 'dangling'))
    writeFileSync(join(folder, 'empty'), '')
    execFileSync('mkfifo', [join(folder, 'fifo')])
    utimesSync(join(folder, 'f'), 1_700_000_000, 1_700_000_000)
  }
  const inside = (value: Json, folder: string): JsonObject =>
    JSON.parse(JSON.stringify(value).replaceAll('DIR', folder)) as JsonObject
  const outside = (value: unknown, folder: string): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll(folder, 'DIR'))

  before(async () => {
    await lab.start()
    for (const folder of [lab.root, theirs]) prepare(folder)
    const tasks = [
      ...STATS.map((args) => ({ stat: inside(args, theirs) })),
      ...TABLE.map(([name, args]) => ({ [name]: inside(args, theirs) })),
    ]
    answers = askAnsible(theirs, tasks)
  })
  after(async () => {
    await lab.stop()
    rmSync(theirs, { recursive: true })
  })

  for (const [i, args] of STATS.entries()) {
    it(`stat ${JSON.stringify(args)}`, async () => {
      const { result } = await lab.apply(stat, inside(args, lab.root))
      const known = (one: JsonObject): JsonObject =>
        Object.fromEntries(Object.entries(one).filter(([key]) => !NOT_OURS.includes(key)))
      expect(outside(known(result.stat as JsonObject), lab.root)).to.deep.equal(
        outside(known(answers[i]!.stat as JsonObject), theirs),
      )
    })
  }
  for (const [i, [name, args, keys]] of TABLE.entries()) {
    it(`${name} ${JSON.stringify(args)}, task ${i + 1}`, async () => {
      const { changes, result } = await lab.apply(MODULES[name]!, inside(args, lab.root))
      const whole: JsonObject = { ...result, changed: changes.length > 0 }
      const picked = (one: JsonObject): JsonObject =>
        Object.fromEntries(keys.map((key) => [key, one[key] ?? 'missing']))
      expect(outside(picked(whole), lab.root)).to.deep.equal(outside(picked(answers[STATS.length + i]!), theirs))
    })
  }
})
