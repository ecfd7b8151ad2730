import { expect } from 'chai'
import fc from 'fast-check'
import { chart, written } from '../../../bench/chart.ts'
import { FIGURES, type Figure, type FigureName, reached } from '../../../bench/names.ts'
import { readOptions } from '../../../bench/options.ts'
import { page, summary } from '../../../bench/report.ts'
import { median, ratio, rounded } from '../../../bench/statistics.ts'

describe('statistics of the benchmarks', () => {
  it('takes the middle', () => {
    expect(median([3])).to.equal(3)
    expect(median([9, 1, 5])).to.equal(5)
    expect(median([4, 1, 3, 2])).to.equal(2.5)
    expect(median([10, 9, 100])).to.equal(10)
    expect(() => median([])).to.throw('nothing')
  })

  it('takes a median between the least and the most, whatever the order', () => {
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(values, (some) => {
        const middle = median(some)
        expect(middle).to.be.within(Math.min(...some), Math.max(...some))
        expect(median(some.toReversed())).to.equal(middle)
        expect(some.filter((value) => value < middle).length).to.be.at.most(some.length / 2)
        expect(some.filter((value) => value > middle).length).to.be.at.most(some.length / 2)
      }),
    )
  })

  it('compares what was measured in the same round', () => {
    // A load doubled both in the second round: the medians of each would not say 2.
    expect(ratio([20, 400, 22], [10, 200, 11])).to.equal(2)
    expect(ratio([30, 80], [10])).to.equal(3)
    expect(() => ratio([], [1])).to.throw('nothing')
  })

  it('says no more digits than it knows', () => {
    expect(rounded(1.23456)).to.equal(1.23)
    expect(rounded(12345)).to.equal(12300)
    expect(written(1234.5)).to.equal('1235')
    expect(written(0.012345)).to.equal('0.0123')
  })
})

describe('figures of the benchmarks', () => {
  const names = Object.keys(FIGURES) as FigureName[]

  it('have names for JSON, of which those that were promised are there', () => {
    for (const name of names) expect(name).to.match(/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/)
    expect(names).to.include.members([
      'floor_ratio_20',
      'ansible_ratio_20',
      'mitogen_ratio_20',
      'floor_ratio_200',
      'ansible_change_ratio_20',
      'rtts_50_tasks',
      'rtts_50_changes_per_task',
      'cpu_ms_per_host_1000',
      'rss_mb_1000',
      'cold_start_ms',
    ])
  })

  it('have goals that are kept or missed', () => {
    expect(reached('floor_ratio_20', 1.6)).to.equal(true)
    expect(reached('floor_ratio_20', 1.61)).to.equal(false)
    expect(reached('ansible_ratio_20', 34.9)).to.equal(false)
    expect(reached('cold_start_ms', 1e9)).to.equal(undefined)
    for (const name of names) {
      const { most, least }: Figure = FIGURES[name]
      expect(most === undefined || least === undefined, name).to.equal(true)
    }
  })
})

describe('the page of the benchmarks', () => {
  it('draws bars as long as their values', () => {
    const drawn = chart(
      [
        { label: 'a', value: 2 },
        { label: 'bcd', value: 1 },
        { label: 'e', value: 0 },
      ],
      's',
    )
    expect(drawn.split('\n')).to.deep.equal([`a    ${'█'.repeat(50)} 2 s`, `bcd  ${'█'.repeat(25)} 1 s`, 'e     0 s'])
  })

  it('draws logarithms where the smallest would not be seen, and says so', () => {
    const drawn = chart(
      [
        { label: 'a', value: 1 },
        { label: 'b', value: 10 },
        { label: 'c', value: 100 },
      ],
      's',
    )
    const lengths = drawn.split('\n').map((line) => [...line].filter((one) => one === '█').length)
    expect(lengths.slice(0, 3)).to.deep.equal([5, 28, 50])
    expect(drawn).to.include('logarithms')
  })

  it('has every figure with its goal, and the reason of what was not measured', () => {
    const scenario = { name: 'hosts20', summary: 'ten tasks' }
    const text = page(
      [
        { scenario, finding: { figures: { floor_ratio_20: 1.234, cold_start_ms: 40 }, notes: ['Rounds: floor 9.'] } },
        { scenario: { name: 'copy', summary: 'a file' }, failure: 'no rsync' },
      ],
      [['Kernel', '6.1']],
    )
    expect(text).to.include('| `floor_ratio_20` | 1.23 | at most 1.6: reached |')
    expect(text).to.include('| `cold_start_ms` | 40 |  |')
    expect(text).to.include('Rounds: floor 9.')
    expect(text).to.include('Not measured: no rsync')
    expect(text).to.include('| Kernel | 6.1 |')
    expect(summary({ floor_ratio_20: 1.7 })).to.match(/^floor_ratio_20 +1\.7 +at most 1\.6: missed$/)
  })
})

describe('the command line of the benchmarks', () => {
  const known = ['hosts20', 'copy']

  it('reads its options and refuses a scenario that is not there', () => {
    expect(readOptions(['--quick', 'copy'], known)).to.deep.equal({
      quick: true,
      json: false,
      yes: false,
      scenarios: ['copy'],
    })
    expect(() => readOptions(['hosts2000'], known)).to.throw('no scenario is named hosts2000; there are hosts20, copy')
    expect(() => readOptions(['--fast'], known)).to.throw('--fast')
  })
})
