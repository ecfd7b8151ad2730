import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { Libvirt } from '../../../core/libvirt/types.ts'
import { type ApiLab, openApiLab, refusal } from './api/lab.ts'

const MIB = 1024 * 1024

describe("transfers by libvirt's RPC", function () {
  this.timeout(300_000)
  let lab: ApiLab
  let libvirt: Libvirt

  before(async () => {
    lab = await openApiLab()
    libvirt = lab.ways.rpc
    await lab.clean()
    await lab.native(`mkdir -p ${PATH}`)
    await libvirt.definePool(`<pool type='dir'><name>vfapi</name><target><path>${PATH}</path></target></pool>`)
    await libvirt.startPool('vfapi')
  })
  after(() => lab?.close())

  const PATH = '/var/lib/vfapi'
  const volume = (name: string, mib: number) =>
    `<volume><name>${name}</name><capacity unit='MiB'>${mib}</capacity><allocation>0</allocation><target><format type='raw'/></target></volume>`

  it('sends a volume without its holes, and brings it back the same', async () => {
    const [head, tail] = [randomBytes(3 * MIB + 17), randomBytes(MIB)]
    const parts = [head, Buffer.alloc(40 * MIB), tail, Buffer.alloc(4 * MIB - 17)]
    const digest = createHash('sha256')
    for (const part of parts) digest.update(part)
    const wanted = digest.digest('hex')
    await libvirt.createVolume('vfapi', volume('sparse', 48))
    const native = await libvirt.native()
    await native?.uploadVolume('vfapi', 'sparse', Readable.from(parts))
    expect(await lab.native(`sha256sum < ${PATH}/sparse | cut -d' ' -f1`)).to.equal(wanted)
    expect(Number(await lab.native(`du -k ${PATH}/sparse | cut -f1`))).to.be.lessThan(6 * 1024)
    const back = createHash('sha256')
    const stream = await native?.downloadVolume('vfapi', 'sparse')
    for await (const piece of stream ?? []) back.update(piece as Buffer)
    expect(back.digest('hex')).to.equal(wanted)
    const piece = await native?.downloadVolume('vfapi', 'sparse', { offset: 5, length: 12 })
    const bytes: Buffer[] = []
    for await (const part of piece ?? []) bytes.push(part as Buffer)
    expect(Buffer.concat(bytes)).to.deep.equal(head.subarray(5, 17))
  })

  it('writes a part, and leaves the rest', async () => {
    await libvirt.createVolume('vfapi', volume('part', 2))
    await lab.native(`head -c ${2 * MIB} /dev/urandom > ${PATH}/part; cp ${PATH}/part ${PATH}/wanted`)
    await lab.native(`dd if=/dev/zero of=${PATH}/wanted bs=4096 seek=16 count=64 conv=notrunc status=none`)
    const native = await libvirt.native()
    const zeros = Readable.from([Buffer.alloc(64 * 4096)])
    await native?.uploadVolume('vfapi', 'part', zeros, { offset: 16 * 4096, length: 64 * 4096 })
    expect(await lab.native(`cmp ${PATH}/part ${PATH}/wanted && echo same`)).to.equal('same')
  })

  it('leaves calls alone while a reader is slow, and ends when it goes', async () => {
    await libvirt.createVolume('vfapi', volume('large', 64))
    await lab.native(`head -c ${64 * MIB} /dev/urandom > ${PATH}/large`)
    const native = await libvirt.native()
    const stream = (await native?.downloadVolume('vfapi', 'large')) as Readable
    await new Promise((resolve) => stream.once('readable', resolve))
    expect(stream.read(1024)).to.have.length(1024)
    await delay(300)
    expect(await libvirt.volumeInfo('vfapi', 'large')).to.include({ capacity: 64 * MIB })
    const ended = new Promise((resolve) => stream.once('close', resolve))
    stream.destroy()
    await ended
  })

  it("gives the source's error and the daemon's", async () => {
    const native = await libvirt.native()
    const broken = new Readable({ read: () => undefined })
    broken.push(randomBytes(MIB))
    setTimeout(() => broken.destroy(new Error('the source broke')), 100)
    expect(await refusal(native!.uploadVolume('vfapi', 'sparse', broken))).to.have.property(
      'message',
      'the source broke',
    )
    expect(await refusal(native!.uploadVolume('vfapi', 'nothing', Readable.from([])))).to.include({ code: 50 })
    expect(await refusal(native!.downloadVolume('vfapi', 'nothing'))).to.include({ code: 50 })
    const stop = new AbortController()
    const endless = Readable.from(
      (async function* () {
        for (let i = 0; ; i++) {
          if (i === 8) stop.abort()
          yield randomBytes(MIB)
        }
      })(),
    )
    const given = native!.uploadVolume('vfapi', 'large', endless, { signal: stop.signal })
    expect((await refusal(given)).name).to.equal('AbortError')
    expect(await libvirt.volumeInfo('vfapi', 'large')).to.include({ type: 'file' })
  })
})
