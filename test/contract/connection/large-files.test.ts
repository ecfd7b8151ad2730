import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect } from 'chai'
import { knownDigest, stampScript } from '../../../core/connection/files/index.ts'
import { type LargeFile, largeFile } from '../../../core/connection/files/large-file.ts'
import { type Beginning, beginScript, parseBeginning } from '../../../core/connection/files/partial.ts'
import { UploadProgress } from '../../../core/connection/files/progress.ts'
import { sendFrom } from '../../../core/connection/files/send.ts'
import { type Uploaded, type UploadOptions, uploadLarge } from '../../../core/connection/files/upload.ts'
import { type Become, type Connection, ConnectionError, FileError, sh } from '../../../core/connection/index.ts'
import { Bench, eventually, SHELLS } from './setup.ts'

const MIB = 1024 * 1024

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('it was expected to fail')
    },
    (error: Error) => error,
  )

/** A sparse file with random bytes at some offsets, in MiB. */
function image(path: string, size: number, parts: readonly (readonly [offset: number, length: number])[]): void {
  const file = openSync(path, 'w')
  for (const [offset, length] of parts) writeSync(file, randomBytes(length * MIB), 0, length * MIB, offset * MIB)
  ftruncateSync(file, size * MIB)
  closeSync(file)
}

/** The file with a pause before each piece: as on a slow link. */
const slowly = (file: LargeFile, ms: number): LargeFile => ({
  ...file,
  async *read(offset, length) {
    for await (const piece of file.read(offset, length)) {
      await new Promise((resolve) => setTimeout(resolve, ms))
      yield piece
    }
  },
})

const same = (a: string, b: string): void => void execFileSync('cmp', ['--', a, b])
/** Its beginning, so that a wrong one is no message of many megabytes. */
const begins = (path: string): string => execFileSync('head', ['-c', '20', '--', path], { encoding: 'latin1' })
const onDisk = (path: string): number => statSync(path).blocks * 512

function mountSmall(folder: string, size: string): boolean {
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('connection: large files', function () {
  this.timeout(300_000)
  const bench = new Bench()
  let dir: string
  let connection: Connection
  let disk: LargeFile
  /** Bytes of the image that are not in holes. */
  const DATA = 24 * MIB
  before(async () => {
    await bench.start({
      users: { free: { shell: '/bin/sh' }, other: { shell: '/bin/sh', password: 'lateral thinking' } },
    })
    dir = mkdtempSync(join(tmpdir(), 'virtfleet-large-'))
    chmodSync(dir, 0o755)
    connection = await bench.connect('ssh', 'dash')
    image(join(dir, 'source'), 64, [
      [0, 12],
      [32, 8],
      [48, 4],
    ])
    disk = await largeFile(join(dir, 'source'))
  })
  after(async () => {
    rmSync(dir, { recursive: true, force: true })
    await bench.stop()
  })
  let folder: string
  let number = 0
  beforeEach(() => {
    folder = join(dir, `t${number++}`)
    mkdirSync(folder)
  })
  const at = (name: string): string => join(folder, name)
  const upload = (name: string, options: UploadOptions = {}, become?: Become, file = disk): Promise<Uploaded> =>
    uploadLarge(connection, become, file, at(name), options)
  const partials = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.part'))

  /** The file, of which no more than so many bytes are read before the host has most of them and `stop` has come about. */
  function stopping(file: LargeFile, bytes: number, stop: () => unknown): LargeFile {
    let read = 0
    return {
      ...file,
      async *read(offset, length) {
        for await (const piece of file.read(offset, length)) {
          if (read < bytes && read + piece.length >= bytes) {
            await eventually(() => partials().some((name) => statSync(at(name)).size > 0.6 * bytes), 60_000)
            await stop()
          }
          read += piece.length
          yield piece
        }
      },
    }
  }

  /** One that is interrupted with a partial file of some bytes, made here: no chance is in it. */
  function leftOver(bytes: number, change: (partial: Buffer) => void = () => undefined): string {
    const partial = Buffer.from(readFileSync(disk.path).subarray(0, bytes))
    change(partial)
    const path = at(`.disk.virtfleet-${disk.sha256.slice(0, 16)}.part`)
    writeFileSync(path, partial, { mode: 0o600 })
    return path
  }

  for (const shell of SHELLS) {
    it(`leaves holes out, and keeps them: ${shell}`, async () => {
      const host = await bench.connect('ssh', shell)
      const { sent } = await uploadLarge(host, undefined, disk, at('disk'))
      same(disk.path, at('disk'))
      expect(sent).to.be.within(DATA, DATA + 1000)
      expect(onDisk(at('disk'))).to.be.at.most(DATA + MIB)
      expect(statSync(at('disk')).mode & 0o777).to.equal(0o644)
      expect(readdirSync(folder)).to.deep.equal(['disk'])
    })
  }
  for (const transport of ['openssh', 'local'] as const) {
    it(`goes by ${transport}`, async () => {
      const host = await bench.connect(transport)
      await uploadLarge(host, undefined, disk, at('disk'))
      same(disk.path, at('disk'))
    })
  }

  it('tells how far it is, not too often', async () => {
    const told: { message: string; percent: number | undefined; at: number }[] = []
    const slow = slowly(disk, 30)
    await upload(
      'disk',
      { onProgress: (message, percent) => told.push({ message, percent, at: Date.now() }) },
      undefined,
      slow,
    )
    const sending = told.filter((one) => one.message.includes('sending'))
    expect(sending.length).to.be.within(2, 20)
    for (const [i, one] of sending.entries()) {
      expect(one.message).to.match(/^disk: sending, [\d.]+ MB\/s/)
      if (i === 0) continue
      expect(one.at - sending[i - 1]!.at).to.be.at.least(400)
      expect(one.percent).to.be.greaterThan(sending[i - 1]!.percent!)
    }
    expect(told.at(-1)).to.include({ message: 'disk: verifying', percent: 100 })
  })

  it('goes on where an interrupt stopped it', async () => {
    writeFileSync(at('disk'), 'old')
    const stop = new AbortController()
    const file = stopping(disk, 12 * MIB, () => stop.abort(new Error('interrupted')))
    const since = Date.now()
    const error = await failure(upload('disk', { signal: stop.signal }, undefined, file))
    expect(error.message).to.equal('interrupted')
    expect(Date.now() - since).to.be.below(60_000)
    expect(begins(at('disk'))).to.equal('old')
    const [partial] = partials()
    expect(partial).to.equal(`.disk.virtfleet-${disk.sha256.slice(0, 16)}.part`)
    expect(statSync(at(partial!)).mode & 0o777).to.equal(0o600)
    const { sent } = await upload('disk')
    same(disk.path, at('disk'))
    expect(sent).to.be.within(0.5 * DATA, 0.85 * DATA)
    expect(readdirSync(folder)).to.deep.equal(['disk'])
  })

  it('goes on where a lost connection stopped it', async () => {
    image(at('image'), 300, [
      [0, 30],
      [120, 20],
      [250, 10],
    ])
    const big = await largeFile(at('image'))
    const name = `cut-${process.pid}`
    const host = await bench.pool.get({ ...bench.endpoint('ssh'), name })
    const file = stopping(big, 24 * MIB, () => cutOff(host))
    const error = await failure(uploadLarge(host, undefined, file, at('disk')))
    expect(error).to.be.instanceOf(ConnectionError)
    expect(error.message).to.match(/\d+ % of .*disk were sent; the next upload goes on from there/)
    const again = await bench.pool.get({ ...bench.endpoint('ssh'), name })
    const { sent } = await uploadLarge(again, undefined, big, at('disk'))
    same(big.path, at('disk'))
    expect(sent).to.be.within(36 * MIB, 50 * MIB)
    expect(onDisk(at('disk'))).to.be.at.most(61 * MIB)
  })

  it('sends nothing that is there already', async () => {
    leftOver(64 * MIB)
    expect((await upload('disk')).sent).to.equal(0)
    same(disk.path, at('disk'))
    // The end of the last data: only a hole is missing.
    leftOver(52 * MIB)
    expect((await upload('disk')).sent).to.equal(0)
    same(disk.path, at('disk'))
  })

  const damages: readonly (readonly [string, number, (partial: Buffer) => void])[] = [
    ['a byte in its middle', 40, (partial) => partial.writeUInt8(partial[33 * MIB]! ^ 1, 33 * MIB)],
    ['a byte where a hole belongs', 40, (partial) => partial.writeUInt8(1, 20 * MIB)],
    ['a byte in its last, unchecked part', 38, (partial) => partial.writeUInt8(partial[37 * MIB]! ^ 1, 37 * MIB)],
    ['rubbish in a hole at its end', 62, (partial) => partial.writeUInt8(1, 61 * MIB)],
    ['too long', 64, () => undefined],
  ]
  for (const [what, size, damage] of damages) {
    it(`does not trust a partial file: ${what}`, async () => {
      const partial = leftOver(size * MIB, damage)
      if (what === 'too long') writeFileSync(partial, 'more', { flag: 'a' })
      await upload('disk')
      same(disk.path, at('disk'))
      expect(readdirSync(folder)).to.deep.equal(['disk'])
    })
  }

  it('does not touch what is not its own', async () => {
    const partial = leftOver(10)
    rmSync(partial)
    writeFileSync(at('precious'), 'precious')
    symlinkSync(at('precious'), partial)
    writeFileSync(at('.other.virtfleet-0123456789abcdef.part'), 'of another file')
    writeFileSync(at('.disk.virtfleet-0123456789abcdef.part'), 'of another content')
    await upload('disk')
    same(disk.path, at('disk'))
    expect(lstatSync(at('disk')).isFile()).to.equal(true)
    expect(begins(at('precious'))).to.equal('precious')
    expect(readdirSync(folder).sort()).to.deep.equal(['.other.virtfleet-0123456789abcdef.part', 'disk', 'precious'])
  })

  it('gives long and odd names a partial file of their own', async () => {
    for (const name of ['x'.repeat(255), "it's * a\nname", '-rf']) {
      await upload(name)
      same(disk.path, at(name))
      rmSync(at(name))
    }
    expect(readdirSync(folder)).to.deep.equal([])
  })

  it('keeps owner, mode and ACL, follows a symlink, and leaves a backup', async () => {
    writeFileSync(at('real'), 'old')
    chownSync(at('real'), 65534, 60)
    chmodSync(at('real'), 0o4711)
    execFileSync('touch', ['-d', '2001-01-01', at('real')])
    symlinkSync('real', at('disk'))
    const { backup } = await upload('disk', { backup: true })
    expect(lstatSync(at('disk')).isSymbolicLink()).to.equal(true)
    same(disk.path, at('real'))
    const { mode, uid, gid, mtimeMs } = statSync(at('real'))
    expect([mode & 0o7777, uid, gid]).to.deep.equal([0o4711, 65534, 60])
    expect(mtimeMs).to.be.greaterThan(Date.now() - 60_000)
    expect(onDisk(at('real'))).to.be.at.most(DATA + MIB)
    expect(basename(backup ?? '')).to.match(/^real\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/)
    expect(begins(backup ?? '')).to.equal('old')
  })

  it('sets owner and mode', async () => {
    await upload('disk', { owner: 'nobody', group: 'games', mode: '0640' })
    const { mode, uid, gid } = statSync(at('disk'))
    expect([mode & 0o7777, uid, gid]).to.deep.equal([0o640, 65534, 60])
  })

  it('writes in place where the file is a mount point', async function () {
    writeFileSync(at('disk'), 'old')
    writeFileSync(at('behind'), 'old')
    try {
      execFileSync('mount', ['--bind', at('behind'), at('disk')], { stdio: 'ignore' })
    } catch {
      // Only where mounts are not allowed: the suite runs as root elsewhere.
      this.skip()
    }
    try {
      await upload('disk')
      same(disk.path, at('behind'))
      expect(onDisk(at('behind'))).to.be.at.most(DATA + MIB)
    } finally {
      execFileSync('umount', [at('disk')])
    }
    expect(readdirSync(folder).sort()).to.deep.equal(['behind', 'disk'])
  })

  it('says before it sends that the disk is too small', async function () {
    // Only where mounts are not allowed: the suite runs as root elsewhere.
    if (!mountSmall(at('small'), '20m')) this.skip()
    try {
      writeFileSync(at('small/disk'), 'old')
      const error = await failure(upload('small/disk'))
      expect(error).to.be.instanceOf(FileError)
      expect(error.message).to.match(/it needs 24\.0 MiB more, and tmpfs on .*small has (19|20)\.\d MiB free/)
      expect(begins(at('small/disk'))).to.equal('old')
      expect(readdirSync(at('small'))).to.deep.equal(['disk'])
    } finally {
      execFileSync('umount', [at('small')])
    }
  })

  it('has room for an image whose holes are larger than the disk', async function () {
    if (!mountSmall(at('small'), '30m')) this.skip()
    try {
      await upload('small/disk')
      same(disk.path, at('small/disk'))
    } finally {
      execFileSync('umount', [at('small')])
    }
  })

  it('leaves nothing of itself on a disk that becomes full', async function () {
    if (!mountSmall(at('small'), '30m')) this.skip()
    try {
      writeFileSync(at('small/disk'), 'old')
      let filled = false
      const onProgress = (_message: string, done = 0): void => {
        if (filled || done === 0) return
        filled = true
        writeFileSync(at('small/other'), Buffer.alloc(20 * MIB))
      }
      const error = await failure(upload('small/disk', { onProgress }))
      expect(error).to.be.instanceOf(FileError)
      expect(error.message).to.match(/No space left on device/, error.message)
      expect(begins(at('small/disk'))).to.equal('old')
      expect(readdirSync(at('small')).sort()).to.deep.equal(['disk', 'other'])
    } finally {
      execFileSync('umount', [at('small')])
    }
  })

  it('says what refuses it on a read-only file system, and for a folder', async function () {
    if (!mountSmall(at('small'), '40m')) this.skip()
    try {
      execFileSync('mount', ['-o', 'remount,ro', at('small')])
      const error = await failure(upload('small/disk'))
      expect(error).to.be.instanceOf(FileError)
      expect(error.message).to.match(/disk was not replaced: .*[Rr]ead-only file system/)
    } finally {
      execFileSync('umount', [at('small')])
    }
    expect((await failure(upload('small'))).message).to.match(/is a directory/)
    expect((await failure(upload('no/such'))).message).to.match(/does not exist/)
  })

  it('becomes another user by sudo', async () => {
    chownSync(folder, Number(execFileSync('id', ['-u', bench.sshd.user('free')], { encoding: 'utf8' })), 0)
    await upload('disk', {}, { method: 'sudo', user: bench.sshd.user('free') })
    same(disk.path, at('disk'))
    expect(statSync(at('disk')).uid).to.equal(statSync(folder).uid)
    chownSync(folder, 0, 0)
    const become: Become = { method: 'sudo', user: 'nobody' }
    expect((await failure(upload('disk', {}, become))).message).to.match(/[Pp]ermission denied/)
  })

  it('refuses what would have to pass a terminal, before it is sent', async () => {
    const host = await bench.connect('ssh', 'dash', { user: bench.sshd.user('free') })
    chmodSync(folder, 0o777)
    const become: Become = { method: 'su', user: bench.sshd.user('other'), password: 'lateral thinking' }
    const error = await failure(uploadLarge(host, become, disk, at('disk')))
    expect(error).to.be.instanceOf(ConnectionError)
    expect(error.message).to.equal('large files cannot pass a terminal')
    expect(existsSync(at('disk'))).to.equal(false)
  })

  it('appends on a host whose dd can do no better, and goes on there', async () => {
    const shell = await connection.shell()
    const begin = async (): Promise<Beginning> =>
      parseBeginning((await shell.run(beginScript(at('disk'), disk.sha256))).stdout.toString())
    const sending = { connection, become: undefined, file: disk, path: at('disk'), signal: undefined }
    for (const offset of [0, 36 * MIB]) {
      const begun = { ...(await begin()), seeks: false }
      const sent = await sendFrom({ ...sending, begun, progress: new UploadProgress('disk') }, offset)
      expect(sent).to.equal(disk.size - offset)
      same(disk.path, at(partials()[0]!))
    }
  })

  it('puts only in place what a command accepts', async () => {
    writeFileSync(at('disk'), 'old')
    const refuse = failure(upload('disk', { accept: sh`wc -c <"$n"; echo it is odd; exit 1` }))
    expect((await refuse).message).to.match(/failed to validate: 67108864; it is odd/)
    expect(begins(at('disk'))).to.equal('old')
    expect(readdirSync(folder)).to.deep.equal(['disk'])
    await upload('disk', { accept: sh`[ "$(wc -c <"$n")" = 67108864 ]` })
    same(disk.path, at('disk'))
  })

  it('remembers what it verified until the file changes', async () => {
    await upload('disk')
    const shell = await connection.shell()
    const stamp = async (): Promise<string> =>
      (await shell.run(stampScript(sh`${at('disk')}`))).stdout.toString().trim()
    expect(knownDigest(connection.endpoint.name, at('disk'))).to.deep.equal({
      stamp: await stamp(),
      sha256: disk.sha256,
    })
    const { atime, mtime } = statSync(at('disk'))
    writeFileSync(at('disk'), 'x', { flag: 'r+' })
    execFileSync('touch', ['-a', '-d', atime.toISOString(), at('disk')])
    execFileSync('touch', ['-m', '-d', mtime.toISOString(), at('disk')])
    expect(knownDigest(connection.endpoint.name, at('disk'))?.stamp).not.to.equal(await stamp())
  })

  it('sends to two hosts at once, one after the other where the uplink allows one', async () => {
    const hosts = await Promise.all([bench.connect('ssh', 'dash'), bench.connect('ssh', 'bash')])
    const overlaps = async (uploads: number): Promise<{ both: boolean; told: string[] }> => {
      const busy = new Set<number>()
      let both = false
      const told: string[] = []
      await Promise.all(
        hosts.map((host, i) => {
          const counted: LargeFile = {
            ...disk,
            async *read(offset, length) {
              busy.add(i)
              for await (const piece of disk.read(offset, length)) {
                both ||= busy.size > 1
                await new Promise((resolve) => setTimeout(resolve, 20))
                yield piece
              }
              if (offset === 48 * MIB) busy.delete(i)
            },
          }
          const options = { uploads, onProgress: (message: string) => told.push(message) }
          return uploadLarge(host, undefined, counted, at(`disk${i}-${uploads}`), options)
        }),
      )
      for (const i of [0, 1]) same(disk.path, at(`disk${i}-${uploads}`))
      return { both, told }
    }
    expect((await overlaps(2)).both).to.equal(true)
    const { both, told } = await overlaps(1)
    expect(both).to.equal(false)
    expect(told.filter((message) => /waiting for 1 other upload$/.test(message))).to.have.length(1)
  })

  it('leaves nothing where it only waited', async () => {
    const stop = new AbortController()
    const hosts = await Promise.all([bench.connect('ssh', 'dash'), bench.connect('ssh', 'bash')])
    const first = uploadLarge(hosts[0]!, undefined, slowly(disk, 20), at('first'), { uploads: 1 })
    const onProgress = (message: string): void => {
      if (message.includes('waiting')) stop.abort(new Error('interrupted'))
    }
    await eventually(() => partials().length > 0, 60_000)
    const options = { uploads: 1, signal: stop.signal, onProgress }
    expect((await failure(uploadLarge(hosts[1]!, undefined, disk, at('second'), options))).message).to.equal(
      'interrupted',
    )
    expect(partials().every((name) => name.startsWith('.first'))).to.equal(true)
    await first
    expect(readdirSync(folder)).to.deep.equal(['first'])
  })

  it('holds no more of a file in memory than a few pieces', async () => {
    const hosts = await Promise.all(SHELLS.map((shell) => bench.connect('ssh', shell)))
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }, 5)
    await Promise.all(hosts.map((host, i) => uploadLarge(host, undefined, disk, at(`disk${i}`))))
    clearInterval(watch)
    expect(most).to.be.below(60 * MIB)
  })

  it('is compressed on a slow link if it shrinks', async () => {
    writeFileSync(
      at('text'),
      'some text that shrinks when it is compressed, as the files of systems do\n'.repeat(300_000),
    )
    const file = await largeFile(at('text'))
    const slow = slowly(file, 100)
    const told: string[] = []
    const { sent } = await upload('disk', { onProgress: (message) => told.push(message) }, undefined, slow)
    same(file.path, at('disk'))
    expect(sent).to.be.below(10 * MIB)
    expect(told.some((message) => /compressed to about \d+ %: the link takes [\d.]+ MB\/s$/.test(message))).to.equal(
      true,
    )
  })

  it('says that a file changed while it was sent', async () => {
    image(at('changing'), 8, [[0, 8]])
    const file = await largeFile(at('changing'))
    image(at('changing'), 8, [[0, 8]])
    expect((await failure(upload('disk', {}, undefined, file))).message).to.match(
      /its checksum is not the one of what was sent/,
    )
    image(at('changing'), 4, [[0, 4]])
    expect((await failure(upload('disk', {}, undefined, file))).message).to.match(/became shorter while it was read/)
  })
})

/** Ends the sshd that serves a connection. */
async function cutOff(connection: Connection): Promise<void> {
  const parent = sh`read -r s </proc/$p/stat; s=${sh.raw('${s##*) ? }')}; p=${sh.raw('${s%% *}')}`
  const script = sh`p=$$; while :; do read -r c </proc/$p/comm; [ "$c" = sshd ] && break; ${parent}; done; kill -s KILL $p`
  await connection.open(script).then(
    (channel) => channel.exit.catch(() => undefined),
    () => undefined,
  )
}
