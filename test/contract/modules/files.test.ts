import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Json } from '../../../core/events/json.ts'
import type { StateModule } from '../../../core/module/types.ts'
import copy from '../../../modules/files/copy.ts'
import file from '../../../modules/files/file.ts'
import lineinfile from '../../../modules/files/lineinfile.ts'
import stat from '../../../modules/files/stat.ts'
import template from '../../../modules/files/template.ts'
import { SshdHost } from './sshd-host.ts'

// biome-ignore lint/suspicious/noExplicitAny: a table of modules of every type
type AnyState = StateModule<any, any, any>

const native = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' }).trim()

describe('files on a real host', function () {
  this.timeout(300_000)
  const lab = new SshdHost()
  let folder: string
  let number = 0

  before(async () => {
    await lab.start({ users: { plain: { shell: '/bin/sh' } } })
    native('chmod', '755', lab.root)
    mkdirSync(join(lab.playbook, 'templates'))
    mkdirSync(join(lab.playbook, 'files/tree/sub dir'), { recursive: true })
    writeFileSync(join(lab.playbook, 'templates/hello.j2'), 'hello {{ who }}\n')
    writeFileSync(join(lab.playbook, 'files/one.txt'), 'one\n')
    writeFileSync(join(lab.playbook, 'files/tree/a'), 'A')
    writeFileSync(join(lab.playbook, 'files/tree/sub dir/b'), 'B')
  })
  after(() => lab.stop())
  beforeEach(() => {
    folder = join(lab.root, `t${number++}`)
    mkdirSync(folder)
  })

  const at = (name: string): string => join(folder, name)
  /** Every entry with type, mode, owner, times, links' targets and content. */
  const snapshot = (): string =>
    native(
      'sh',
      '-c',
      'cd "$1" && find . -printf "%p %y %m %U %G %n %l %T@ %C@\\n" | sort && find . -type f -exec sha256sum {} + | sort',
      'sh',
      folder,
    )

  /** Check leaves all alone, the run converges, the second run finds nothing to do. */
  async function converge(module: AnyState, args: Json): Promise<{ paths: string[]; result: Record<string, unknown> }> {
    const before = snapshot()
    const told = await lab.check(module, args, { variables: { who: 'you' } })
    expect(snapshot(), 'check mode touched the host').to.equal(before)
    const done = await lab.apply(module, args, { variables: { who: 'you' } })
    expect(done.changes.map((one) => one.path)).to.deep.equal(told.map((one) => one.path))
    expect(done.left).to.deep.equal([])
    expect(await lab.check(module, args, { variables: { who: 'you' } }), 'second run').to.deep.equal([])
    return { paths: done.changes.map((one) => one.path), result: done.result }
  }

  const failure = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => expect.fail('no failure'),
      (error: Error) => error.message,
    )

  const NAMES = [
    'plain',
    'two words',
    "it's",
    '"double"',
    'new\nline',
    '-rf',
    'ünï 漢',
    '$HOME',
    '*',
    '`id`',
    'back\\slash',
    ' lead',
    'trail ',
  ]

  for (const name of NAMES) {
    it(`manages a file named ${JSON.stringify(name)}`, async () => {
      const path = at(name)
      await converge(copy, { dest: path, content: 'x\n', mode: '0640' })
      expect(readdirSync(folder)).to.deep.equal([name])
      expect(statSync(path).mode & 0o7777).to.equal(0o640)
      const { result } = await lab.apply(stat, { path })
      expect(result.stat).to.include({ exists: true, path, mode: '0640', size: 2 })
      await converge(lineinfile, { path, line: 'y' })
      expect(readFileSync(path, 'utf8')).to.equal('x\ny\n')
      await converge(file, { path, mode: 'u+x,g=,o=' })
      expect(statSync(path).mode & 0o7777).to.equal(0o700)
      await converge(file, { path: at('link'), src: path, state: 'link' })
      expect(native('readlink', '-n', at('link'))).to.equal(path.trim())
      await converge(file, { path, state: 'absent' })
      expect(readdirSync(folder)).to.deep.equal(['link'])
    })
  }

  it('makes a copy true again that has drifted', async () => {
    writeFileSync(at('f'), 'drifted', { mode: 0o600 })
    const { paths, result } = await converge(copy, {
      src: 'one.txt',
      dest: at('f'),
      mode: '0644',
      owner: 'daemon',
      group: 'daemon',
      backup: true,
    })
    expect(paths).to.deep.equal(['content', 'owner', 'group', 'mode'])
    expect(native('stat', '-c', '%a %U %G', at('f'))).to.equal('644 daemon daemon')
    expect(readFileSync(String(result.backup_file), 'utf8')).to.equal('drifted')
    expect(result).to.include({
      dest: at('f'),
      checksum: native('sha1sum', at('f')).split(' ')[0]!,
      owner: 'daemon',
      mode: '0644',
      state: 'file',
    })
  })
  it('copies a folder with all below it', async () => {
    await converge(copy, { src: 'tree', dest: folder, mode: '0600', directory_mode: '0750' })
    expect(native('sh', '-c', `cd '${folder}' && find . -type f -o -type d | sort | tr '\\n' '|'`)).to.equal(
      '.|./tree|./tree/a|./tree/sub dir|./tree/sub dir/b|',
    )
    expect(native('stat', '-c', '%a', at('tree/sub dir'))).to.equal('750')
    rmSync(at('tree/a'))
    await converge(copy, { src: 'tree/', dest: at('tree') })
    expect(readFileSync(at('tree/a'), 'utf8')).to.equal('A')
  })
  it('copies a file into a folder that is not there yet', async () => {
    await converge(copy, { src: 'one.txt', dest: `${at('new/deep')}/` })
    expect(readFileSync(at('new/deep/one.txt'), 'utf8')).to.equal('one\n')
  })
  it('renders a template', async () => {
    await converge(template, { src: 'hello.j2', dest: at('t'), mode: '0600' })
    expect(readFileSync(at('t'), 'utf8')).to.equal('hello you\n')
  })
  it('follows a link at the destination and keeps it', async () => {
    writeFileSync(at('real'), 'old')
    symlinkSync('real', at('link'))
    await converge(copy, { content: 'new', dest: at('link') })
    expect(native('readlink', at('link'))).to.equal('real')
    expect(readFileSync(at('real'), 'utf8')).to.equal('new')
  })
  it('keeps the ACL of a file', async () => {
    writeFileSync(at('f'), 'old')
    native('setfacl', '-m', 'u:daemon:rw', at('f'))
    await converge(copy, { content: 'new', dest: at('f') })
    expect(native('getfacl', '-cp', at('f'))).to.include('user:daemon:rw-')
  })
  it('writes a bind-mounted file in place', async () => {
    writeFileSync(at('source'), 'old\n')
    writeFileSync(at('target'), '')
    native('mount', '--bind', at('source'), at('target'))
    try {
      await converge(copy, { content: 'new\n', dest: at('target'), mode: '0604' })
      expect(readFileSync(at('source'), 'utf8')).to.equal('new\n')
      expect(readdirSync(folder).sort()).to.deep.equal(['source', 'target'])
    } finally {
      native('umount', at('target'))
    }
  })
  it('leaves the old file where validation fails', async () => {
    writeFileSync(at('f'), 'old')
    const before = snapshot()
    expect(await failure(lab.apply(copy, { content: 'bad', dest: at('f'), validate: 'grep -q good %s' }))).to.match(
      /^failed to validate/,
    )
    expect(snapshot()).to.equal(before)
    await converge(copy, { content: 'good', dest: at('f'), validate: 'grep -q good %s' })
  })
  it('runs the words of a validation without a shell', async () => {
    const validate = `grep -q "$(touch ${at('made')}); id" %s; touch ${at('made')}`
    expect(await failure(lab.apply(copy, { content: 'x', dest: at('g'), validate }))).to.match(/^failed to validate/)
    expect(readdirSync(folder)).to.deep.equal([])
    await converge(copy, { content: '$(id); x', dest: at('g'), validate: `grep -qF '$(id); x' %s` })
    await converge(copy, { content: 'y', dest: at('g'), validate: 'sh -c "grep -q y \'%s\'"' })
    expect(await failure(lab.apply(copy, { content: 'x', dest: at('g'), validate: 'grep "x %s' }))).to.match(/unclosed/)
  })
  it('leaves the old file whole, and nothing beside it, where the disk is full', async () => {
    mkdirSync(at('small'))
    native('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at('small'))
    try {
      writeFileSync(at('small/f'), 'old')
      expect(await failure(lab.apply(copy, { content: 'x'.repeat(200_000), dest: at('small/f') }))).to.match(
        /was not replaced: .*[Nn]o space/s,
      )
      expect(readFileSync(at('small/f'), 'utf8')).to.equal('old')
      expect(readdirSync(at('small'))).to.deep.equal(['f'])
    } finally {
      native('umount', at('small'))
    }
  })
  it('says who may not do it', async () => {
    writeFileSync(at('f'), 'old', { mode: 0o600 })
    const options = { user: lab.user('plain') }
    expect(await failure(lab.apply(copy, { content: 'new', dest: at('f') }, options))).to.match(/[Pp]ermission denied/)
    expect(await failure(lab.apply(lineinfile, { path: at('f'), line: 'x' }, options))).to.match(/[Pp]ermission denied/)
    expect(await failure(lab.apply(file, { path: at('d'), state: 'directory' }, options))).to.match(
      /[Pp]ermission denied/,
    )
    native('chmod', '700', folder)
    expect(await failure(lab.apply(stat, { path: at('f') }, options))).to.match(/permission denied/)
    expect(readFileSync(at('f'), 'utf8')).to.equal('old')
  })

  describe('file', () => {
    it('makes folders, and corrects everything below', async () => {
      await converge(file, { path: at('a/b/c'), state: 'directory', mode: '02750', group: 'daemon' })
      expect(native('stat', '-c', '%a %G', at('a/b/c'))).to.equal('2750 daemon')
      writeFileSync(at('a/b/c/new\nline'), 'x')
      symlinkSync('nowhere', at('a/b/c/dangling'))
      await converge(file, { path: at('a'), state: 'directory', mode: 'u=rwX,go=', owner: 'daemon', recurse: true })
      expect(native('stat', '-c', '%a %U', at('a/b/c/new\nline'))).to.equal('600 daemon')
    })
    it('clears set-id bits of a folder by an octal mode', async () => {
      mkdirSync(at('d'))
      native('chmod', '2755', at('d'))
      await converge(file, { path: at('d'), mode: '0755' })
      expect(native('stat', '-c', '%a', at('d'))).to.equal('755')
    })
    it('makes hard links, and links in the place of files by force', async () => {
      writeFileSync(at('f'), 'x')
      writeFileSync(at('g'), 'y')
      await converge(file, { path: at('h'), src: at('f'), state: 'hard' })
      expect(statSync(at('h')).ino).to.equal(statSync(at('f')).ino)
      expect(await failure(lab.apply(file, { path: at('g'), src: at('f'), state: 'link' }))).to.match(/refusing/)
      await converge(file, { path: at('g'), src: at('f'), state: 'link', force: true })
      expect(native('readlink', at('g'))).to.equal(at('f'))
      await converge(file, { path: at('r'), src: 'f', state: 'link' })
      expect(await failure(lab.apply(file, { path: at('z'), src: 'nowhere', state: 'link' }))).to.match(
        /does not exist/,
      )
    })
    it('turns a link around without a moment in which there is none', async () => {
      symlinkSync('/etc', at('l'))
      await converge(file, { path: at('l'), src: '/usr', state: 'link' })
      expect(readdirSync(folder)).to.deep.equal(['l'])
    })
    it('removes trees, but not what a link leads to', async () => {
      mkdirSync(at('keep'))
      symlinkSync('keep', at('l'))
      await converge(file, { path: at('l'), state: 'absent' })
      mkdirSync(at('tree/x'), { recursive: true })
      await converge(file, { path: at('tree'), state: 'absent' })
      expect(readdirSync(folder)).to.deep.equal(['keep'])
    })
    it('touches', async () => {
      const { changes } = await lab.apply(file, { path: at('t'), state: 'touch', mode: '0604' })
      expect(changes).to.have.length(1)
      expect(native('stat', '-c', '%a %s', at('t'))).to.equal('604 0')
    })
  })

  for (const shell of ['/bin/bash', '/bin/mksh']) {
    it(`works with ${shell}`, async () => {
      const options = { shellPath: shell }
      const args = { dest: at("it's"), content: 'a\n', mode: '0600' }
      expect((await lab.apply(copy, args, options)).left).to.deep.equal([])
      expect((await lab.apply(lineinfile, { path: at("it's"), line: 'b' }, options)).left).to.deep.equal([])
      expect(readFileSync(at("it's"), 'utf8')).to.equal('a\nb\n')
    })
  }
})
