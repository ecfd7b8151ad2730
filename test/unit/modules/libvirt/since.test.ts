import { expect } from 'chai'
import { parseXml } from '../../../../core/libvirt/xml/element.ts'
import { youngerThan } from '../../../../modules/libvirt/domain/since.ts'

const domain = (inside: string) => parseXml(`<domain type='qemu'><name>a</name>${inside}</domain>`)

describe('what an older libvirt does not know', () => {
  const cases: [string, string, string, string | undefined][] = [
    [
      'a CPU',
      "<cpu mode='maximum'/>",
      'Extra element cpu in interleave',
      "libvirt knows cpu mode 'maximum' since 7.1.0",
    ],
    ['one of another mode', "<cpu mode='host-model'/>", 'Extra element cpu in interleave', undefined],
    ['one that the message is not about', "<cpu mode='maximum'/>", 'Extra element devices in interleave', undefined],
    [
      'a screen, deep in it',
      "<devices><graphics type='vnc'/><graphics type='dbus'/></devices>",
      "unsupported configuration: unknown graphics device type 'dbus'",
      'libvirt knows graphics by D-Bus since 8.4.0',
    ],
    [
      'a device',
      "<devices><crypto model='virtio'/></devices>",
      'Element crypto failed',
      'libvirt knows crypto devices since 9.0.0',
    ],
  ]
  for (const [title, xml, message, hint] of cases)
    it(`tells of ${title}`, () => expect(youngerThan(message, domain(xml))).to.equal(hint))
})
