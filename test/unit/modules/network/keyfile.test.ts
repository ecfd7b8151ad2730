import { expect } from 'chai'
import fc from 'fast-check'
import { asBefore, asPort, keyfileValue } from '../../../../modules/network/bridge/networkmanager/keyfile.ts'
import { terse } from '../../../../modules/network/bridge/networkmanager/nmcli.ts'
import { BOND } from './profiles.ts'

describe('bridge: what NetworkManager writes and says', () => {
  it('reads what nmcli says, whatever is in it', () => {
    expect(terse('a\\:b:c\\\\:\n\nx:y\n')).to.deep.equal([
      ['a:b', 'c\\', ''],
      ['x', 'y'],
    ])
    const field = fc.string().map((text) => text.replaceAll('\n', ''))
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2 })), (rows) => {
        const escaped = rows.map((row) => row.map((one) => one.replace(/[\\:]/g, '\\$&')).join(':')).join('\n')
        expect(terse(escaped)).to.deep.equal(rows)
      }),
    )
  })

  it('keeps what was changed in a bond while it was a port', () => {
    const changed = asPort(BOND, 'u').replace('802.3ad', 'active-backup')
    const back = asBefore(changed, BOND, 'u')
    expect(back).to.equal(BOND.replace('802.3ad', 'active-backup'))
  })

  it('a profile that became a port’s has no network, and is itself again afterwards', () => {
    const section = fc.tuple(
      fc.constantFrom('ethernet', 'bond', 'ipv4', 'ipv6', 'proxy', 'user', 'odd one'),
      fc.array(fc.constantFrom('a=1', 'master=x', '# a note', '', 'method=auto', ';old')),
    )
    fc.assert(
      fc.property(fc.array(section), (parts) => {
        const text = `[connection]\nid=x\nuuid=u\n${parts.map(([name, lines]) => [`[${name}]`, ...lines].join('\n')).join('\n')}`
        const port = asPort(text, 'm')
        expect(asPort(port, 'm')).to.equal(port)
        expect(port).not.to.match(/^\[(ipv4|ipv6|proxy)\]/m)
        expect(keyfileValue(port, 'connection', 'master')).to.equal('m')
        expect(asBefore(port, text, 'm')).to.equal(text)
      }),
    )
  })
})
