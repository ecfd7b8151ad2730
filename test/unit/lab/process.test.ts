import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { withLock } from '../../../lab/lock.ts'
import { endProcess, findMarked, identify, isAlive, startDetached } from '../../../lab/process.ts'

describe('lab processes', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'virtfleet-process-'))
  })
  after(() => rm(dir, { recursive: true, force: true }))

  it('finds its own by their mark and ends them', async () => {
    const id = `test-${process.pid}`
    const who = startDetached('sh', ['-c', 'sleep 60; :'], id, join(dir, 'log'))
    expect(isAlive(who)).to.equal(true)
    for (let tries = 0; tries < 1000 && findMarked(id).length < 2; tries++)
      await new Promise((done) => setTimeout(done, 10))
    expect(findMarked(id).map(({ pid }) => pid)).to.include(who.pid)
    await Promise.all(findMarked(id).map((each) => endProcess(each, 1000)))
    expect(findMarked(id)).to.deep.equal([])
    expect(isAlive(who)).to.equal(false)
  })

  it('does not touch a process that only got the number of one of ours', async () => {
    const who = startDetached('sleep', ['60'], 'other', join(dir, 'log'))
    await endProcess({ pid: who.pid, started: who.started - 1 }, 10)
    expect(isAlive(who)).to.equal(true)
    await endProcess(who, 1000)
    expect(identify(who.pid)).to.equal(undefined)
  })

  it('lets one in at a time, and takes over the lock of the dead', async () => {
    const lock = join(dir, 'lock')
    let inside = 0
    let most = 0
    const work = () =>
      withLock(lock, {}, async () => {
        most = Math.max(most, ++inside)
        await new Promise((done) => setTimeout(done, 20))
        inside--
      })
    await Promise.all([work(), work()])
    expect(most).to.equal(1)
    for (const dead of [`${process.pid}-1`, 'unknown']) {
      await mkdir(lock)
      await writeFile(join(lock, dead), '')
      inside = most = 0
      await Promise.all(Array.from({ length: 10 }, work))
      expect(most).to.equal(1)
    }
    expect(await readdir(dir)).to.not.include('lock')
  })
})
