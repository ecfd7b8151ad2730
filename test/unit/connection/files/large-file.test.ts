import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { digestsOf, readContent } from '../../../../core/connection/files/contents.ts'
import { LARGE_FILE, largeFile, PREFIX_STEP } from '../../../../core/connection/files/large-file.ts'

const sum = (algorithm: string, bytes: Buffer): string => createHash(algorithm).update(bytes).digest('hex')
/** Until a file's times tell its next content from this one. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150))

describe("the controller's files", () => {
  let dir: string
  let path: string
  const content = Buffer.concat([randomBytes(PREFIX_STEP), Buffer.alloc(PREFIX_STEP), randomBytes(LARGE_FILE + 12_345)])
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'virtfleet-controller-'))
    path = join(dir, 'file')
    writeFileSync(path, content)
    await settled()
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  it('have checksums of the whole and of their beginnings, and runs', async () => {
    const file = await largeFile(path)
    expect([file.size, file.sha256, file.sha1]).to.deep.equal([
      content.length,
      sum('sha256', content),
      sum('sha1', content),
    ])
    for (const length of [PREFIX_STEP, 2 * PREFIX_STEP, content.length]) {
      expect(file.prefix(length)).to.equal(sum('sha256', content.subarray(0, length)))
    }
    expect([file.prefix(5), file.prefix(100 * PREFIX_STEP)]).to.deep.equal([undefined, undefined])
    expect(file.runs.map((run) => run.offset)).to.deep.equal([0, 2 * PREFIX_STEP])
    const pieces: Buffer[] = []
    for await (const piece of file.read(1000, 3_000_000)) pieces.push(piece)
    expect(Buffer.concat(pieces).equals(content.subarray(1000, 3_001_000))).to.equal(true)
    const sample = await file.sample()
    expect(sample.ratio).to.be.within(0.95, 1.05)
  })

  it('are read once for all hosts, and again when they changed', async () => {
    const [a, b] = await Promise.all([largeFile(path), largeFile(path)])
    expect(a).to.equal(b)
    expect(await largeFile(path)).to.equal(a)
    const buffer = await readContent(path)
    expect(await readContent(path)).to.equal(buffer)
    expect(digestsOf(buffer)).to.equal(digestsOf(buffer))
    expect(digestsOf(buffer)).to.deep.include({ sha256: a.sha256, sha1: a.sha1, md5: sum('md5', content) })
    writeFileSync(path, randomBytes(content.length))
    expect((await largeFile(path)).sha256).not.to.equal(a.sha256)
    expect((await readContent(path)).equals(buffer)).to.equal(false)
  })

  it('are not read on when the last who waits gives up', async () => {
    const [mine, yours] = [new AbortController(), new AbortController()]
    const reasons = [mine, yours].map(({ signal }) =>
      largeFile(path, { signal }).then(
        () => 'read',
        (error: Error) => error.message,
      ),
    )
    // The checksum takes longer than that.
    await new Promise((resolve) => setTimeout(resolve, 1))
    mine.abort(new Error('interrupted'))
    expect(await Promise.all(reasons)).to.deep.equal(['interrupted', 'read'])
    const stop = new AbortController()
    writeFileSync(path, content)
    await settled()
    const reading = largeFile(path, { signal: stop.signal }).catch((error: Error) => error.message)
    stop.abort(new Error('interrupted'))
    expect(await reading).to.equal('interrupted')
    expect((await largeFile(path)).sha256).to.equal(sum('sha256', content))
  })
})
