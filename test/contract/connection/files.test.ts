import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Connection, FileError, readFile, replaceFile, type Shell } from '../../../core/connection/index.ts'
import { Bench } from './setup.ts'

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: Error) => error,
  )

for (const kind of ['dash', 'ash', 'mksh'] as const) {
  describe(`connection: files, ${kind}`, function () {
    this.timeout(300_000)
    const bench = new Bench()
    let dir: string
    let connection: Connection
    let shell: Shell
    before(async () => {
      await bench.start()
      dir = mkdtempSync(join(tmpdir(), 'virtfleet-files-'))
      connection = await bench.connect('ssh', kind)
      shell = await connection.shell()
    })
    after(async () => {
      rmSync(dir, { recursive: true, force: true })
      await bench.stop()
    })
    const at = (name: string): string => join(dir, name)

    it('makes a new file in one write', async () => {
      const path = at("new 'file'\n")
      const content = randomBytes(20_000)
      const before = shell.writes
      expect(await replaceFile(shell, path, content, { mode: '0640', owner: 'nobody', group: 'games' })).to.deep.equal(
        {},
      )
      expect(shell.writes - before).to.equal(1)
      expect(readFileSync(path).equals(content)).to.equal(true)
      const stat = statSync(path)
      expect([stat.mode & 0o7777, stat.uid, stat.gid]).to.deep.equal([0o640, 65534, 60])
    })

    it("gives a new file the user's default mode", async () => {
      await replaceFile(shell, at('plain'), Buffer.from('x'))
      await replaceFile(shell, at('owned'), Buffer.from('x'), { owner: 'nobody' })
      expect(statSync(at('plain')).mode & 0o777).to.equal(0o644)
      expect(statSync(at('owned')).mode & 0o777).to.equal(0o644)
    })

    it('keeps owner and mode, follows a symlink, and leaves a backup', async () => {
      const real = at('real')
      writeFileSync(real, 'old')
      chownSync(real, 65534, 60)
      chmodSync(real, 0o4711)
      symlinkSync('real', at('link'))
      const { backup } = await replaceFile(shell, at('link'), Buffer.from('new'), { backup: true })
      expect(lstatSync(at('link')).isSymbolicLink()).to.equal(true)
      const stat = statSync(real)
      expect([readFileSync(real, 'utf8'), stat.mode & 0o7777, stat.uid, stat.gid]).to.deep.equal([
        'new',
        0o4711,
        65534,
        60,
      ])
      expect(backup).to.match(/\/real\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/)
      expect(readFileSync(backup ?? '', 'utf8')).to.equal('old')
    })

    it('writes in place where the file is a mount point', async function () {
      writeFileSync(at('mounted'), 'old')
      writeFileSync(at('source'), 'old')
      try {
        execFileSync('mount', ['--bind', at('source'), at('mounted')], { stdio: 'ignore' })
      } catch {
        // Only where mounts are not allowed: the suite runs as root elsewhere.
        this.skip()
      }
      try {
        await replaceFile(shell, at('mounted'), Buffer.from('through'))
        expect(readFileSync(at('source'), 'utf8')).to.equal('through')
      } finally {
        execFileSync('umount', [at('mounted')])
      }
    })

    it('leaves the old file whole, and nothing else, when the disk is full', async function () {
      const small = at('small')
      mkdirSync(small)
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small], { stdio: 'ignore' })
      } catch {
        // Only where mounts are not allowed: the suite runs as root elsewhere.
        this.skip()
      }
      try {
        writeFileSync(join(small, 'f'), 'old')
        const content = randomBytes(80_000)
        const error = await failure(replaceFile(shell, join(small, 'f'), content))
        expect(error).to.be.instanceOf(FileError)
        expect(error.message).to.match(/No space left|write error/i)
        expect(readFileSync(join(small, 'f'), 'utf8')).to.equal('old')
        expect(readdirSync(small)).to.deep.equal(['f'])
      } finally {
        execFileSync('umount', [small])
      }
    })

    it('compresses what shrinks', async () => {
      const text = Buffer.from('a line that comes again and again\n'.repeat(8000))
      const sessions = (): number => bench.sshd.log.filter((line) => line.includes('Starting session')).length
      const before = sessions()
      for (const name of ['long', 'longer']) await replaceFile(shell, at(name), text)
      expect(readFileSync(at('longer')).equals(text)).to.equal(true)
      expect(sessions(), 'it fits into the session').to.equal(before)
      await replaceFile(shell, at('noise'), randomBytes(text.length))
      expect(sessions(), 'this does not').to.equal(before + 1)
    })

    it('refuses a directory and a missing directory', async () => {
      expect((await failure(replaceFile(shell, dir, Buffer.from('x')))).message).to.match(/is a directory/)
      expect((await failure(replaceFile(shell, at('no/such'), Buffer.from('x')))).message).to.match(/does not exist/)
    })

    it('reads a file, a missing one, and one that is too large', async () => {
      writeFileSync(at('bytes'), Buffer.from([0, 255, 10]))
      expect([...((await readFile(shell, at('bytes'))) ?? [])]).to.deep.equal([0, 255, 10])
      expect(await readFile(shell, at('missing'))).to.equal(undefined)
      writeFileSync(at('large'), Buffer.alloc(5000))
      expect(await failure(readFile(shell, at('large'), { max: 4000 }))).to.be.instanceOf(FileError)
      expect(await failure(readFile(shell, dir))).to.be.instanceOf(FileError)
    })
  })
}
