import { expect } from 'chai'
import { displaysIn } from '../../../core/fleet/display.ts'
import { parseXml } from '../../../core/libvirt/xml/element.ts'

const of = (graphics: string) => displaysIn(parseXml(`<domain><devices>${graphics}</devices></domain>`))
const vnc = { type: 'vnc', tls: false, password: false } as const

describe('the displays of a VM', () => {
  const table: [string, string, object[]][] = [
    ['none', '', []],
    ['VNC', "<graphics type='vnc' port='5900' listen='10.0.0.1'/>", [{ ...vnc, at: { host: '10.0.0.1', port: 5900 } }]],
    [
      'VNC by its listen element, on every address',
      "<graphics type='vnc' port='5901'><listen type='address' address='0.0.0.0'/></graphics>",
      [{ ...vnc, at: { host: '127.0.0.1', port: 5901 } }],
    ],
    [
      'VNC on every address of IPv6',
      "<graphics type='vnc' port='5901'><listen type='address' address='::'/></graphics>",
      [{ ...vnc, at: { host: '::1', port: 5901 } }],
    ],
    [
      'a password, and that there is one is all that is told',
      "<graphics type='vnc' port='5900' passwd='hunter2'/>",
      [{ ...vnc, at: { host: '127.0.0.1', port: 5900 }, password: true }],
    ],
    [
      'a socket',
      "<graphics type='vnc'><listen type='socket' socket='/run/vnc.sock'/></graphics>",
      [{ ...vnc, at: { socketPath: '/run/vnc.sock' } }],
    ],
    ['no port yet', "<graphics type='vnc' port='-1' autoport='yes'/>", []],
    ['no port at all', "<graphics type='vnc' port='99999'/>", []],
    ['nowhere', "<graphics type='spice' port='5900'><listen type='none'/></graphics>", []],
    [
      'SPICE with TLS alone',
      "<graphics type='spice' tlsPort='5902'/>",
      [{ type: 'spice', at: { host: '127.0.0.1', port: 5902 }, tls: true, password: false }],
    ],
    ['another kind', "<graphics type='sdl'/>", []],
  ]
  for (const [what, graphics, expected] of table) {
    it(what, () => {
      const found = of(graphics)
      expect(found).to.deep.equal(expected)
      expect(JSON.stringify(found)).to.not.include('hunter2')
    })
  }
})
