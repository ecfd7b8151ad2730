import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseSizes, readSizes } from '../../../../modules/libvirt/vms/disk-size.ts'
import type { WantedVm } from '../../../../modules/libvirt/vms/wanted.ts'

describe('the virtual size of disks', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'virtfleet-disks-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const disk = (name: string, size = 1n): WantedVm =>
    ({ disks: [{ file: join(folder, name), size }] }) as unknown as WantedVm
  /** The first bytes of a qcow2 image of version 3. */
  const image = (name: string, size: bigint): WantedVm => {
    const header = Buffer.alloc(104)
    header.write('QFI\xfb', 'latin1')
    header.writeUInt32BE(3, 4)
    header.writeBigUInt64BE(size, 24)
    writeFileSync(join(folder, name), header)
    return disk(name)
  }
  const read = (vms: readonly WantedVm[]): [string, bigint][] => {
    const lines = execFileSync('sh', ['-c', readSizes(vms).text], { encoding: 'utf8' }).split('\n')
    const told = (word: string) => lines.filter((l) => l.startsWith(word)).map((l) => l.slice(word.length))
    return [...parseSizes(told('head '), told('qcow2 '))].map(([path, size]) => [path.slice(folder.length + 1), size])
  }

  it('is read of all that are there, with names as they are', () => {
    const large = 0x0123_4567_89ab_cdefn
    const vms = [image('a', 1n << 30n), disk('missing'), image("it's 2", large), image('c', 512n)]
    expect(read(vms)).to.deep.equal([
      ['a', 1n << 30n],
      ["it's 2", large],
      ['c', 512n],
    ])
  })

  it('is read of every disk of a VM', () => {
    const disks = [...image('a', 5n).disks, ...image('a-vdb', 6n).disks]
    expect(read([{ disks } as unknown as WantedVm])).to.deep.equal([
      ['a', 5n],
      ['a-vdb', 6n],
    ])
  })

  it('is not asked where no task names it', () => {
    const asked = image('a', 5n)
    const silent = { disks: asked.disks.map((one) => ({ ...one, size: undefined })) } as unknown as WantedVm
    expect(read([silent])).to.deep.equal([])
    expect(read([])).to.deep.equal([])
  })

  it('is not taken from a file of another format, nor from what stands behind one that is too short', () => {
    for (const [name, content] of [
      ['short', 'precious'],
      ['other', 'x'.repeat(200)],
    ] as const) {
      writeFileSync(join(folder, name), content)
      expect(read([image('a', 7n), disk(name), image('z', 9n)])).to.deep.equal([['a', 7n]])
    }
    writeFileSync(join(folder, 'empty'), '')
    expect(read([disk('empty'), image('z', 9n)])).to.deep.equal([['z', 9n]])
  })
})
