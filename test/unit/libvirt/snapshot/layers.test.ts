import { expect } from 'chai'
import { LibvirtError } from '../../../../core/libvirt/errors.ts'
import { SnapshotKept } from '../../../../core/libvirt/snapshot/kept.ts'
import { layersOf, mentions, withBases } from '../../../../core/libvirt/snapshot/layers.ts'
import { readSnapshot } from '../../../../core/libvirt/snapshot/read.ts'
import { readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { childrenOf, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { domainText, EXTERNAL } from './texts.ts'

const layer = { target: 'vda', overlay: '/i/web1.s', base: '/i/web1.qcow2', type: 'file', format: 'qcow2' }

describe('the layers of an external snapshot', () => {
  const layers = (snapshot: string, now: string, next = now) =>
    layersOf(
      readSnapshot(snapshot),
      [now, next].map((image) => parseXml(domainText(image))),
      new LibvirtError('libvirt cannot'),
    )

  it('are the images on top, with what is below them', () => {
    expect(layers(EXTERNAL, '/i/web1.s')).to.deep.equal({ due: [layer], merged: [] })
  })

  it('are merged already where the disk is the base, and nothing names the overlay', () => {
    expect(layers(EXTERNAL, '/i/web1.qcow2')).to.deep.equal({ due: [], merged: [layer] })
    expect(() => layers(EXTERNAL, '/i/web1.qcow2', '/i/web1.s')).to.throw(SnapshotKept, 'vda is /i/web1.qcow2, not')
  })

  const refused: [string, string, string, string][] = [
    ['a disk is another image', EXTERNAL, '/i/web1.t', 'vda is /i/web1.t, not /i/web1.s, and: libvirt cannot'],
    [
      'an image on top is no file of the host',
      EXTERNAL.replace("file='/i/web1.s'", "protocol='rbd' name='pool/web1.s'"),
      'pool/web1.s',
      'vda is on no file of the host, and: libvirt cannot',
    ],
    [
      'what was below is not known',
      EXTERNAL.replaceAll("dev='vda'", "dev='vdz'"),
      '/i/web1.s',
      'what vda was before /i/web1.s is not known, and: libvirt cannot',
    ],
  ]
  for (const [what, snapshot, now, message] of refused)
    it(`are not to be had where ${what}`, () => {
      expect(() => layers(snapshot, now)).to.throw(SnapshotKept, message)
    })

  it('give a disk its base back, and leave the others', () => {
    const before = parseXml(domainText('/i/web1.s'))
    const disks = readDomain(withBases(before, [{ ...layer, base: '/b.raw', format: 'raw' }])).disks
    expect(disks[0]).to.include({ type: 'file', source: '/b.raw', format: 'raw' })
    expect(disks.slice(1)).to.deep.equal(readDomain(before).disks.slice(1))
  })

  it('give a disk its block device back', () => {
    const after = withBases(parseXml(domainText('/i/web1.s')), [{ ...layer, base: '/dev/vg/web1', type: 'block' }])
    const [disk] = childrenOf(childrenOf(after, 'devices')[0], 'disk')
    expect(disk?.attributes.type).to.equal('block')
    expect(childrenOf(disk, 'source').map((source) => source.attributes)).to.deep.equal([{ dev: '/dev/vg/web1' }])
  })

  it('are found in a definition wherever they are', () => {
    const backing = "<backingStore type='file'><source file='/i/a&amp;b'/></backingStore>"
    const domain = parseXml(domainText('/i/top').replace('<backingStore/>', backing))
    expect(['/i/top', '/i/a&b', '/i/a', '/i/web1.s'].filter((path) => mentions(domain, path))).to.deep.equal([
      '/i/top',
      '/i/a&b',
    ])
  })
})
