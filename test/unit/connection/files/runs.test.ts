import { expect } from 'chai'
import fc from 'fast-check'
import {
  BLOCK,
  dataOf,
  firstRuns,
  LEAST_GAP,
  lengthOf,
  type Run,
  RunPlanner,
  runsFrom,
} from '../../../../core/connection/files/runs.ts'

interface Stretch {
  readonly blocks: number
  readonly zeros: boolean
}

const BLOCKS = LEAST_GAP / BLOCK
/** Stretches around the length at which a hole is left out; the file's last block may be short. */
const stretch = fc.record({ blocks: fc.integer({ min: 1, max: 2 * BLOCKS + 2 }), zeros: fc.boolean() })
const file = fc.record({
  stretches: fc.array(stretch, { maxLength: 12 }),
  tail: fc.integer({ min: 0, max: BLOCK - 1 }),
  tailZeros: fc.boolean(),
})

/** Blocks with whether they are zeros, in order. */
function blocksOf(one: {
  stretches: readonly Stretch[]
  tail: number
  tailZeros: boolean
}): { length: number; zeros: boolean }[] {
  const blocks = one.stretches.flatMap(({ blocks: count, zeros }) =>
    Array.from({ length: count }, () => ({ length: BLOCK, zeros })),
  )
  return one.tail === 0 ? blocks : [...blocks, { length: one.tail, zeros: one.tailZeros }]
}

function plan(blocks: readonly { length: number; zeros: boolean }[]): readonly Run[] {
  const planner = new RunPlanner()
  for (const { length, zeros } of blocks) planner.add(length, zeros)
  return planner.runs
}

const covers = (runs: readonly Run[], from: number, to: number): boolean =>
  runs.some(({ offset, length }) => offset <= from && to <= offset + length)

describe('runs of a file', () => {
  it('have all data and no long hole', () => {
    fc.assert(
      fc.property(file, (one) => {
        const blocks = blocksOf(one)
        const runs = plan(blocks)
        const size = blocks.reduce((sum, { length }) => sum + length, 0)
        let [at, data] = [0, 0]
        for (const { length, zeros } of blocks) {
          if (!zeros) {
            expect(covers(runs, at, at + length)).to.equal(true)
            data += length
          }
          at += length
        }
        expect(dataOf(runs)).to.equal(data)
        for (const [i, run] of runs.entries()) {
          const before = runs[i - 1]
          if (before) expect(run.offset - before.offset - before.length).to.be.at.least(LEAST_GAP)
          expect(run.offset % BLOCK).to.equal(0)
          expect(run.offset + run.length).to.be.at.most(size)
          // Neither end of a run is zeros.
          expect(blocks[run.offset / BLOCK]!.zeros).to.equal(false)
          expect(blocks[Math.ceil((run.offset + run.length) / BLOCK) - 1]!.zeros).to.equal(false)
          // No long hole is inside.
          let hole = 0
          for (const { length, zeros } of blocks.slice(
            run.offset / BLOCK,
            Math.ceil((run.offset + run.length) / BLOCK),
          )) {
            hole = zeros ? hole + length : 0
            expect(hole).to.be.below(LEAST_GAP)
          }
        }
      }),
    )
  })

  it('go on from any offset', () => {
    fc.assert(
      fc.property(file, fc.nat({ max: 20 * LEAST_GAP }), (one, offset) => {
        const runs = plan(blocksOf(one))
        const rest = runsFrom(runs, offset)
        const expected = runs.reduce(
          (sum, run) => sum + Math.max(0, run.offset + run.length - Math.max(offset, run.offset)),
          0,
        )
        expect(lengthOf(rest)).to.equal(expected)
        for (const run of rest) {
          expect(run.offset).to.be.at.least(offset)
          expect(run.length).to.be.greaterThan(0)
          expect(run.data).to.be.within(1, run.length)
          expect(covers(runs, run.offset, run.offset + run.length)).to.equal(true)
        }
      }),
    )
  })

  it('part into a beginning and a rest', () => {
    fc.assert(
      fc.property(file, fc.integer({ min: 1, max: 8 * LEAST_GAP }), (one, bytes) => {
        const runs = plan(blocksOf(one))
        const { first, rest } = firstRuns(runs, bytes)
        expect(lengthOf(first)).to.equal(Math.min(bytes, lengthOf(runs)))
        expect(lengthOf(first) + lengthOf(runsFrom(runs, rest))).to.equal(lengthOf(runs))
        for (const run of first) expect(run.offset + run.length).to.be.at.most(rest)
      }),
    )
  })
})
