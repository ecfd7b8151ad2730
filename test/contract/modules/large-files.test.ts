import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Json } from '../../../core/events/json.ts'
import type { Host } from '../../../core/module/types.ts'
import copy from '../../../modules/files/copy.ts'
import { type HostOptions, SshdHost } from './sshd-host.ts'

const MIB = 1024 * 1024

describe('copy of large files', function () {
  this.timeout(300_000)
  const lab = new SshdHost()
  const image = Buffer.concat([randomBytes(3 * MIB), Buffer.alloc(6 * MIB), randomBytes(MIB)])
  let folder: string
  let number = 0
  before(async () => {
    await lab.start({ users: { plain: { shell: '/bin/sh' } } })
    execFileSync('chmod', ['755', lab.root])
    mkdirSync(join(lab.playbook, 'files/images'), { recursive: true })
    for (const name of ['disk.img', 'images/disk.img']) writeFileSync(join(lab.playbook, 'files', name), image)
    writeFileSync(join(lab.playbook, 'files/images/note'), 'small\n')
    chmodSync(join(lab.playbook, 'files/disk.img'), 0o604)
  })
  after(() => lab.stop())
  beforeEach(() => {
    folder = join(lab.root, `t${number++}`)
    mkdirSync(folder)
  })
  const at = (name: string): string => join(folder, name)
  const whole = (name: string): boolean => readFileSync(at(name)).equals(image)

  const snapshot = (): string =>
    execFileSync('find', [folder, '-printf', '%p %y %m %U %G %s %T@ %C@\\n'], { encoding: 'utf8' })

  /** Check leaves all alone, the run converges, the second run finds nothing to do. */
  async function converge(args: Json, options: HostOptions = {}): Promise<{ paths: string[]; result: Json }> {
    const before = snapshot()
    const told = (await lab.check(copy, args, options)).map((one) => one.path)
    expect(snapshot(), 'check mode touched the host').to.equal(before)
    const done = await lab.apply(copy, args, options)
    const paths = done.changes.map((one) => one.path)
    expect(paths).to.deep.equal(told)
    expect(done.left).to.deep.equal([])
    expect(await lab.check(copy, args, options), 'second run').to.deep.equal([])
    return { paths, result: done.result }
  }

  it('makes a file, and one that has drifted true again', async () => {
    const args = { src: 'disk.img', dest: at('disk'), mode: '0640', backup: true }
    const { paths, result } = await converge(args)
    expect(paths).to.deep.equal(['content'])
    expect(whole('disk')).to.equal(true)
    expect(statSync(at('disk')).blocks * 512).to.be.below(5 * MIB)
    const sha1 = createHash('sha1').update(image).digest('hex')
    expect(result).to.include({ dest: at('disk'), checksum: sha1, size: image.length, mode: '0640', state: 'file' })
    // The same size, so that only the checksum tells.
    writeFileSync(at('disk'), 'drifted', { flag: 'r+' })
    const again = await converge(args)
    expect(again.paths).to.deep.equal(['content'])
    expect(whole('disk')).to.equal(true)
    expect(readFileSync(String((again.result as { backup_file: string }).backup_file)).toString('utf8', 0, 7)).to.equal(
      'drifted',
    )
  })

  it('changes only attributes where the content is right', async () => {
    writeFileSync(at('disk'), image)
    const inode = statSync(at('disk')).ino
    const { paths } = await converge({ src: 'disk.img', dest: at('disk'), mode: 'preserve', owner: 'daemon' })
    expect(paths).to.deep.equal(['owner', 'mode'])
    expect([statSync(at('disk')).ino, statSync(at('disk')).mode & 0o777]).to.deep.equal([inode, 0o604])
  })

  it('goes into a folder, with a folder, and leaves what is there by force: no', async () => {
    await converge({ src: 'disk.img', dest: folder })
    expect(whole('disk.img')).to.equal(true)
    await converge({ src: 'disk.img', dest: `${at('new')}/` })
    expect(whole('new/disk.img')).to.equal(true)
    await converge({ src: 'images', dest: at('tree') })
    expect(whole('tree/images/disk.img')).to.equal(true)
    expect(readFileSync(at('tree/images/note'), 'utf8')).to.equal('small\n')
    writeFileSync(at('mine'), 'mine')
    expect((await converge({ src: 'disk.img', dest: at('mine'), force: false })).paths).to.deep.equal([])
  })

  it('does not read a file of the host twice, nor one of another size', async () => {
    const digests: number[] = []
    const host = lab.host()
    const counted = new Proxy<Host>(host, {
      get(target, property) {
        if (property !== 'read') return Reflect.get(target, property, target)
        return async (...args: Parameters<Host['read']>) => {
          const answer = await target.read(...args)
          digests.push(answer.stdout.toString().match(/\b[0-9a-f]{64}\b/g)?.length ?? 0)
          return answer
        }
      },
    })
    const args = copy.args.parse({ src: 'disk.img', dest: at('disk') }) as Parameters<typeof copy.diff>[1]
    const look = () => copy.probe(counted, args)
    writeFileSync(at('disk'), 'small')
    const state = await look()
    await copy.apply(lab.host(), args, state, copy.diff(state, args))
    expect(copy.diff(await look(), args)).to.deep.equal([])
    expect(digests, 'the upload has verified it').to.deep.equal([0, 0])
    execFileSync('touch', [at('disk')])
    for (let i = 0; i < 2; i++) expect(copy.diff(await look(), args)).to.deep.equal([])
    expect(digests).to.deep.equal([0, 0, 1, 0])
  })

  it('asks a command whether the file is good', async () => {
    const args = { src: 'disk.img', dest: at('disk') }
    const error = await lab
      .apply(copy, { ...args, validate: 'grep -c nothing %s' })
      .catch((reason: Error) => reason.message)
    expect(error).to.match(/failed to validate: 0/)
    expect(readdirSync(folder)).to.deep.equal([])
    await converge({ ...args, validate: 'test -s %s' })
  })

  it('holds the source to its checksum', async () => {
    const checksum = createHash('sha1').update(image).digest('hex')
    const args = { src: 'disk.img', dest: at('disk') }
    const error = await lab
      .apply(copy, { ...args, checksum: `${checksum.slice(1)}0` })
      .catch((reason: Error) => reason.message)
    expect(error).to.match(/disk\.img is not the file that checksum names: its SHA-1 is /)
    expect(existsSync(at('disk'))).to.equal(false)
    await converge({ ...args, checksum })
  })

  it('becomes another user, who may not write everywhere', async () => {
    const user = lab.user('plain')
    execFileSync('chown', [user, folder])
    const become = { method: 'sudo', user } as const
    await converge({ src: 'disk.img', dest: at('disk') }, { become })
    expect(execFileSync('stat', ['-c', '%U', at('disk')], { encoding: 'utf8' }).trim()).to.equal(user)
    execFileSync('chown', ['root', folder])
    const error = await lab
      .apply(copy, { src: 'disk.img', dest: at('other') }, { become })
      .catch((reason: Error) => reason.message)
    expect(error).to.match(/other was not replaced: .*[Pp]ermission denied/)
  })

  it('refuses a limit of uploads that is none', async () => {
    const variables = { virtfleet_uploads: 'many' }
    const error = await lab
      .apply(copy, { src: 'disk.img', dest: at('disk') }, { variables })
      .catch((reason: Error) => reason.message)
    expect(error).to.match(/virtfleet_uploads must be a whole number from 1, not "many"/)
    await converge({ src: 'disk.img', dest: at('disk') }, { variables: { virtfleet_uploads: '2' } })
  })
})
