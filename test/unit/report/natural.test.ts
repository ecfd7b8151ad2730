import { expect } from 'chai'
import fc from 'fast-check'
import { sortNaturally } from '../../../core/report/natural.ts'

const sorted = (names: readonly string[]): string[] => sortNaturally(names, (name) => name)

describe('sortNaturally', () => {
  for (const [names, expected] of [
    [
      ['kvm10', 'kvm2', 'kvm1'],
      ['kvm1', 'kvm2', 'kvm10'],
    ],
    [
      ['B1', 'a2', 'b1', 'A1'],
      ['A1', 'a2', 'B1', 'b1'],
    ],
    [
      ['10.0.0.10', '10.0.0.9', '9.0.0.1'],
      ['9.0.0.1', '10.0.0.9', '10.0.0.10'],
    ],
    [
      ['a1b', 'a1', 'a01', 'a'],
      ['a', 'a01', 'a1', 'a1b'],
    ],
    [
      ['x99999999999999999999', 'x100000000000000000000', 'x1'],
      ['x1', 'x99999999999999999999', 'x100000000000000000000'],
    ],
  ] as const)
    it(`makes ${expected.join(' ')} of ${names.join(' ')}`, () => expect(sorted(names)).to.deep.equal(expected))

  it('has the order of Intl where names are letters and numbers', () => {
    const name = fc.stringMatching(/^[a-z]{1,3}(0|[1-9]\d{0,3})([a-z]\d)?$/)
    fc.assert(
      fc.property(fc.array(name), (names) => {
        const byIntl = [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
        expect(sorted(names)).to.deep.equal(byIntl)
      }),
    )
  })

  it('has one order, whatever the order it was given', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'B', '0', '1', '10', '-', 'é') })
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        expect(sorted([...names].reverse())).to.deep.equal(sorted(names))
      }),
    )
  })
})
