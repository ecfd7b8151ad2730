import { expect } from 'chai'
import fc from 'fast-check'
import { SUBSETS } from '../../../../../modules/system/facts/choose.ts'
import { formatFacts, keepFacts, parseFacts, staleSubsets } from '../../../../../modules/system/facts/kept.ts'

describe('kept facts', () => {
  const HOUR = 3_600_000

  it('come back as they were', () => {
    const facts = fc.dictionary(
      fc.string().map((name) => `ansible_${name}`),
      fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value))),
    )
    const time = fc.integer({ min: 0, max: 4e12 })
    fc.assert(
      fc.property(facts, fc.subarray([...SUBSETS]), time, (found, subsets, now) => {
        const kept = keepFacts(undefined, found, subsets, now)
        expect(parseFacts(formatFacts(kept), 0)).to.deep.equal(kept)
      }),
    )
  })

  it('grow old a subset at a time', () => {
    const first = keepFacts(undefined, { ansible_a: 1, ansible_b: 1 }, ['min', 'network'], 0)
    const second = keepFacts(first, { ansible_b: 2 }, ['network'], HOUR)
    expect(second.facts).to.deep.equal({ ansible_a: 1, ansible_b: 2 })
    expect(staleSubsets(second, ['min', 'network'], HOUR, HOUR)).to.deep.equal([])
    expect(staleSubsets(second, ['min', 'network'], HOUR, HOUR + 1)).to.deep.equal(['min'])
    expect(staleSubsets(second, ['min', 'network', 'virtual'], HOUR, 3 * HOUR)).to.deep.equal([
      'min',
      'network',
      'virtual',
    ])
    expect(staleSubsets(undefined, ['min'], HOUR, 0)).to.deep.equal(['min'])
  })

  it('from a clock that was ahead are not believed', () =>
    expect(staleSubsets(keepFacts(undefined, {}, ['min'], 2 * HOUR), ['min'], HOUR, HOUR)).to.deep.equal(['min']))

  it('are read from a cache that Ansible wrote, as old as the file', () => {
    const text = '{"ansible_kernel": "6.1", "gather_subset": ["!all", "network"], "module_setup": true}'
    expect(parseFacts(text, 7)).to.deep.equal({ facts: { ansible_kernel: '6.1' }, read: { min: 7, network: 7 } })
    expect(parseFacts('{"ansible_kernel": "6.1"}', 7)?.read).to.deep.equal({})
    expect(parseFacts('{"gather_subset": ["something new"]}', 7)?.read).to.deep.equal({})
  })

  it('are none where the text is broken', () => {
    for (const text of ['', '{', '[]', 'null', '"x"']) expect(parseFacts(text, 0)).to.equal(undefined)
    expect(parseFacts('{"virtfleet_read": {"min": "soon", "network": 3, "x": "2026-01-01"}}', 0)?.read).to.deep.equal(
      {},
    )
  })
})
