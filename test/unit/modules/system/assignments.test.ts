import { expect } from 'chai'
import fc from 'fast-check'
import { assignments, dotted, setAssignment } from '../../../../modules/system/assignments.ts'

const key = fc.stringMatching(/^[a-z]{1,4}(\.[a-z0-9]{1,4}){1,2}$/)
const value = fc.stringMatching(/^[a-z0-9]{1,3}( [a-z0-9]{1,3})?$/)
const line = fc.oneof(
  fc.tuple(key, value).map(([k, v]) => `${k}=${v}`),
  fc.constantFrom('# note', '; note', '', '  ', '-net.x = 1'),
)
const file = fc.array(line).map((lines) => lines.map((one) => `${one}\n`).join(''))

describe('sysctl assignments', () => {
  it('names keys with dots, as sysctl(8) reads them', () => {
    const table = [
      ['net.ipv4.ip_forward', 'net.ipv4.ip_forward'],
      ['net/ipv4/ip_forward', 'net.ipv4.ip_forward'],
      ['net.ipv4.conf.eth0/100.forwarding', 'net.ipv4.conf.eth0/100.forwarding'],
      ['net/ipv4/conf/eth0.100/forwarding', 'net.ipv4.conf.eth0/100.forwarding'],
    ]
    for (const [given, expected] of table) expect(dotted(given!)).to.equal(expected)
  })

  it('reads the last value of a key, and no comments', () => {
    expect([...assignments('# a.b = 1\na.b=2\n;a.b=3\n -a.b =  4 \nc/d = x y\n')]).to.deep.equal([
      ['a.b', '4'],
      ['c.d', 'x y'],
    ])
  })

  it('what was set is read back, and setting it again changes nothing', () => {
    fc.assert(
      fc.property(file, key, value, (text, k, v) => {
        const once = setAssignment(text, k, v)
        expect(assignments(once).get(k)).to.equal(v)
        expect(setAssignment(once, k, v)).to.equal(once)
      }),
    )
  })

  it('leaves every other line as it is, in its order', () => {
    fc.assert(
      fc.property(file, key, fc.option(value, { nil: undefined }), (text, k, v) => {
        const others = (of: string) =>
          of.split('\n').filter((one) => one !== '' && dotted(/^\s*-?\s*([^\s#;=]+)\s*=/.exec(one)?.[1] ?? '') !== k)
        expect(others(setAssignment(text, k, v))).to.deep.equal(others(text))
      }),
    )
  })
})
