import { expect } from 'chai'
import fc from 'fast-check'
import { timeOf } from '../../../../core/connection/config/time.ts'

describe("ssh's times", () => {
  const table: readonly [string | undefined, number | undefined][] = [
    ['0', 0],
    ['90', 90_000],
    ['1m30s', 90_000],
    ['1M30', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['9999w', 2 ** 31 - 1],
    ['9'.repeat(400), 2 ** 31 - 1],
    ['', undefined],
    ['s', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1m s', undefined],
    ['never', undefined],
    [undefined, undefined],
  ]
  for (const [text, ms] of table) it(`${text?.slice(0, 10)} is ${ms} ms`, () => expect(timeOf(text)).to.equal(ms))

  it('add up, part by part', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(59), fc.nat(59), (h, m, s) => {
        expect(timeOf(`${h}h${m}m${s}s`)).to.equal(((h * 60 + m) * 60 + s) * 1000)
      }),
    )
  })

  it('are refused as quickly as they are read', () => {
    expect(timeOf(`${'1'.repeat(50_000)}x`)).to.equal(undefined)
  })
})
