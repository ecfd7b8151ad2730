import { expect } from 'chai'
import type { JsonObject } from '../../../../core/events/json.ts'
import { readDomain } from '../../../../core/libvirt/xml/domain.ts'
import { formatXml, parseXml } from '../../../../core/libvirt/xml/element.ts'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { readHeld } from '../../../../modules/libvirt/storage/pool-build.ts'
import { declaredPool, poolArgs } from '../../../../modules/libvirt/storage/pool-declaration.ts'
import { usersOfPool } from '../../../../modules/libvirt/storage/users.ts'

const squeeze = (text: string): string => text.replace(/>\s+</g, '><').replaceAll('"', "'").trim()
const declared = (more: JsonObject): string => {
  const element = declaredPool(poolArgs.parse({ name: 'p', ...more }))
  return element ? squeeze(formatXml(element)) : ''
}

describe('what a pool is declared as', () => {
  const table: [string, JsonObject, string][] = [
    [
      'a folder',
      { type: 'dir', path: '/a&b' },
      "<pool type='dir'><name>p</name><target><path>/a&amp;b</path></target></pool>",
    ],
    [
      'a share',
      { type: 'netfs', host: 'n', export: '/x', path: '/y' },
      "<pool type='netfs'><name>p</name><source><host name='n'/><dir path='/x'/><format type='nfs'/><protocol ver='4.2'/></source><target><path>/y</path></target></pool>",
    ],
    [
      'a volume group',
      { type: 'logical', volume_group: 'vg', devices: '/dev/sdb,/dev/sdc' },
      "<pool type='logical'><name>p</name><source><device path='/dev/sdb'/><device path='/dev/sdc'/><name>vg</name><format type='lvm2'/></source><target><path>/dev/vg</path></target></pool>",
    ],
    [
      'a disk',
      { type: 'disk', devices: ['/dev/sdb'], partition_table: 'dos' },
      "<pool type='disk'><name>p</name><source><device path='/dev/sdb'/><format type='dos'/></source><target><path>/dev</path></target></pool>",
    ],
    [
      'a target of iSCSI',
      { type: 'iscsi', host: 'san', port: 3261, target: 'iqn.2024-01.x:a', initiator: 'iqn.2024-01.x:i' },
      "<pool type='iscsi'><name>p</name><source><host name='san' port='3261'/><device path='iqn.2024-01.x:a'/><initiator><iqn name='iqn.2024-01.x:i'/></initiator></source><target><path>/dev/disk/by-path</path></target></pool>",
    ],
    [
      'one that asks for a password',
      { type: 'iscsi', host: 'san', target: 't', username: "o'brien", secret: 'san' },
      "<pool type='iscsi'><name>p</name><source><host name='san'/><device path='t'/><auth type='chap' username='o&apos;brien'><secret usage='san'/></auth></source><target><path>/dev/disk/by-path</path></target></pool>",
    ],
    ['nothing', {}, ''],
  ]
  for (const [what, more, xml] of table) it(what, () => expect(declared(more)).to.equal(xml))

  const mistakes: [JsonObject, string][] = [
    [{ type: 'dir' }, 'needs the argument path'],
    [{ type: 'disk' }, 'needs the argument devices'],
    [{ type: 'disk', devices: '/dev/a,/dev/b' }, 'several'],
    [{ type: 'iscsi', target: 't' }, 'needs the argument host'],
    [{ type: 'iscsi', host: 'h' }, 'needs the argument target'],
    [{ type: 'iscsi', host: 'h', target: 't', username: 'u' }, 'go together'],
  ]
  for (const [more, message] of mistakes)
    it(`refuses ${JSON.stringify(more)}`, () => expect(() => declared(more)).to.throw(ModuleFailure, message))
})

describe('who has a disk in a pool', () => {
  const pool = (type: string, source: string, path: string) =>
    parseXml(
      `<pool type='${type}'><name>p</name><source>${source}</source><target><path>${path}</path></target></pool>`,
    )
  const domains = (disk: string) => [
    {
      running: true,
      model: readDomain(parseXml(`<domain><name>web</name><devices>${disk}</devices></domain>`)),
    },
  ]
  const file = (path: string) => `<disk type='file'><source file='${path}'/><target dev='vda'/></disk>`
  const block = (path: string) => `<disk type='block'><source dev='${path}'/><target dev='vda'/></disk>`
  const volume = (name: string) => `<disk type='volume'><source pool='${name}' volume='v'/><target dev='vda'/></disk>`
  const DIR = pool('dir', '', '/i')
  const DISK = pool('disk', "<device path='/dev/sdb'/>", '/dev')
  const ISCSI = pool('iscsi', "<device path='iqn.x:a'/>", '/dev/disk/by-path')
  const table: [string, ReturnType<typeof pool>, string, boolean][] = [
    ['a file below its folder', DIR, file('/i/a/b'), true],
    ['a file beside its folder', DIR, file('/ii/a'), false],
    ['a volume by its name', DIR, volume('p'), true],
    ['a volume of another pool', DIR, volume('pp'), false],
    ['a file that looks like a volume', DIR, file('p/v'), false],
    ['a logical volume', pool('logical', '', '/dev/vg'), block('/dev/vg/a'), true],
    ['a partition', DISK, block('/dev/sdb2'), true],
    ['a partition of NVMe', pool('disk', "<device path='/dev/nvme0n1'/>", '/dev'), block('/dev/nvme0n1p3'), true],
    ['the disk itself', DISK, block('/dev/sdb'), true],
    ['another disk', DISK, block('/dev/sdc1'), false],
    ['another disk with a longer name', DISK, block('/dev/sdba'), false],
    ['a unit of the target', ISCSI, block('/dev/disk/by-path/ip-1.2.3.4:3260-iscsi-iqn.x:a-lun-1'), true],
    ['a unit of another target', ISCSI, block('/dev/disk/by-path/ip-1.2.3.4:3260-iscsi-iqn.x:ab-lun-1'), false],
  ]
  for (const [what, xml, disk, has] of table)
    it(what, () => expect(usersOfPool(xml, domains(disk))).to.have.length(has ? 1 : 0))
})

describe('what a disk holds', () => {
  it('is told by the file system first', () => {
    expect(readHeld('DEVNAME=/dev/sdb\nTYPE=ext4\nPTTYPE=dos\n')).to.equal('a ext4')
    expect(readHeld('DEVNAME=/dev/sdb\nPTTYPE=gpt\n')).to.equal('a partition table (gpt)')
    expect(readHeld('DEVNAME=/dev/sdb\n')).to.equal(undefined)
    expect(readHeld('')).to.equal(undefined)
  })
})
