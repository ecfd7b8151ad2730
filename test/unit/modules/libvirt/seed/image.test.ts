import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { type SeedFile, seedImage } from '../../../../../modules/libvirt/seed/image.ts'
import { level1Names } from '../../../../../modules/libvirt/seed/names.ts'
import { readSeed } from '../../../../../modules/libvirt/seed/read.ts'

const file = (name: string, text: string): SeedFile => ({ name, content: Buffer.from(text) })
const CLOUD = [
  file('user-data', '#cloud-config\nhostname: web1\n'),
  file('meta-data', 'instance-id: i-1\n'),
  file('network-config', ''),
  file('vendor-data', 'x'.repeat(2048)),
]

const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$/)
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.integer({ min: 2040, max: 6200 }).map((n) => new Uint8Array(n).fill(n % 251)),
)
const files = fc.uniqueArray(fc.record({ name, content: content.map((bytes) => Buffer.from(bytes)) }), {
  selector: (one) => one.name,
  maxLength: 40,
})

describe('the image of a seed', () => {
  it('is the same bytes for the same files, in whatever order they come', () => {
    const one = seedImage('cidata', CLOUD)
    expect(seedImage('cidata', [...CLOUD].reverse()).equals(one)).to.equal(true)
    expect(seedImage('CIDATA', CLOUD).equals(one)).to.equal(false)
    expect(one.length % 2048).to.equal(0)
    expect(one.length).to.be.lessThan(64 * 1024)
  })

  it('is read back as it was, whatever is in it', () => {
    fc.assert(
      fc.property(files, (all) => {
        const back = readSeed(seedImage('cidata', all))
        const sort = (of: readonly SeedFile[]) =>
          of.map((one) => [one.name, one.content.toString('hex')]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1))
        expect(sort(back ?? [])).to.deep.equal(sort(all))
      }),
      { numRuns: 200 },
    )
  })

  it('of a hostile host is refused or read, and never more than it is', () => {
    const image = seedImage('cidata', CLOUD)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(10 * 2048), fc.nat(255)), { maxLength: 30 }),
        fc.nat(image.length),
        (changes, length) => {
          const bent = Buffer.from(image)
          for (const [at, value] of changes) bent[16 * 2048 + at] = value
          for (const one of readSeed(bent.subarray(0, length)) ?? [])
            expect(one.content.length).to.be.lessThanOrEqual(length)
        },
      ),
    )
  })

  it('refuses what not every reader takes', () => {
    for (const bad of ['', 'a/b', '../x', 'ü', 'x'.repeat(65), '.hidden', 'a b'])
      expect(() => seedImage('cidata', [file(bad, '')]), bad).to.throw(RangeError)
    expect(() => seedImage('cidata', [file('a', ''), file('a', '')])).to.throw(RangeError, 'twice')
    expect(() => seedImage('a label', [])).to.throw(RangeError, 'no label')
  })

  it('has a level 1 name of its own for each file', () => {
    expect(level1Names(['user-data', 'user-data.txt', 'user-dat', 'ks.cfg', 'a.b.c'])).to.deep.equal([
      'USER_DAT.;1',
      'USER_DAT.TXT;1',
      'USER_DA1.;1',
      'KS.CFG;1',
      'A_B.C;1',
    ])
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 60 }), (all) => {
        const short = level1Names(all)
        expect(new Set(short).size).to.equal(all.length)
        for (const one of short) expect(one).to.match(/^[A-Z0-9_]{1,8}\.[A-Z0-9_]{0,3};1$/)
      }),
    )
  })

  describe('as the kernel and blkid see it', function () {
    this.timeout(60_000)
    let folder: string
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'virtfleet-seed-'))
    })
    after(() => rmSync(folder, { recursive: true, force: true }))

    const image = (label: string, all: readonly SeedFile[]): string => {
      const path = join(folder, 'seed.iso')
      writeFileSync(path, seedImage(label, all))
      return path
    }

    it('has its label and its type', () => {
      const path = image('cidata', CLOUD)
      expect(execFileSync('blkid', ['-p', '-o', 'export', path]).toString()).to.match(/^LABEL=cidata$/m)
      expect(execFileSync('blkid', ['-p', '-s', 'TYPE', '-o', 'value', path]).toString()).to.equal('iso9660\n')
    })

    // More files than one sector has records.
    const many = Array.from({ length: 40 }, (_, i) => file(`answer-file-number-${i}.cfg`, `${i}\n`.repeat(i * 40)))
    const all = [...CLOUD, ...many]
    const names = all.map((one) => one.name).sort()

    for (const view of ['', 'norock', 'nojoliet'])
      it(`is mounted${view && ` with ${view}`}, and has every file as it was`, function () {
        if (process.getuid?.() !== 0 || !knowsIso9660()) this.skip()
        const path = image('cidata', all)
        const at = join(folder, 'mnt')
        mkdirSync(at, { recursive: true })
        execFileSync('mount', ['-o', `loop,ro${view && `,${view}`}`, '-t', 'iso9660', path, at])
        try {
          expect(readdirSync(at).sort()).to.deep.equal(names)
          for (const one of all) expect(readFileSync(join(at, one.name)).equals(one.content), one.name).to.equal(true)
          expect(statSync(join(at, 'user-data')).mtimeMs).to.equal(Date.UTC(2000, 0, 1))
        } finally {
          execFileSync('umount', [at])
        }
      })

    const trees = [
      ['Rock Ridge', '-R', (one: string) => one],
      ['Joliet', '-J', (one: string) => one],
      ['level 1', '', (one: string) => level1Names(names)[names.indexOf(one)]!],
    ] as const
    for (const [what, flag, nameOf] of trees)
      it(`gives isoinfo every file by ${what}`, () => {
        const path = image('cidata', all)
        const isoinfo = (...more: string[]) => execFileSync('isoinfo', [...(flag ? [flag] : []), '-i', path, ...more])
        const listed = isoinfo('-f').toString().trim().split('\n')
        expect(listed.sort()).to.deep.equal(names.map((one) => `/${nameOf(one)}`).sort())
        for (const one of all.slice(0, 12))
          expect(isoinfo('-x', `/${nameOf(one.name)}`).equals(one.content), one.name).to.equal(true)
      })

    it('has nothing that xorriso wonders about, and is extracted by it as it was', () => {
      const path = image('cidata', all)
      const to = join(folder, 'extracted')
      const { stderr } = spawnSync('xorriso', ['-indev', path, '-osirrox', 'on', '-extract', '/', to])
      expect(stderr.toString()).not.to.match(/WARNING|SORRY|FAILURE|FATAL/)
      expect(readdirSync(to).sort()).to.deep.equal(names)
      for (const one of all) expect(readFileSync(join(to, one.name)).equals(one.content), one.name).to.equal(true)
    })
  })
})

/** Not every kernel does. */
function knowsIso9660(): boolean {
  spawnSync('modprobe', ['-q', 'isofs'])
  return readFileSync('/proc/filesystems', 'utf8').includes('iso9660')
}
