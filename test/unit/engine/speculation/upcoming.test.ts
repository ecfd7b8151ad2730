import { expect } from 'chai'
import fc from 'fast-check'
import type { Batch } from '../../../../core/engine/batch.ts'
import type { Frame } from '../../../../core/engine/frame.ts'
import type { Place } from '../../../../core/engine/speculation/upcoming.ts'
import type { Step } from '../../../../core/playbook/types.ts'

/** A tree of steps as a test says it: a name, an include, or a block. */
type Tree =
  | string
  | { readonly include: string }
  | { readonly block: Tree[]; readonly rescue: Tree[]; readonly always: Tree[] }

/** Only what looking ahead asks of a step. */
function stepOf(tree: Tree): Step {
  if (typeof tree === 'string')
    return { kind: 'task', name: tree, module: 'stat', tags: tree.startsWith('x') ? ['x'] : [] } as unknown as Step
  if ('include' in tree) return { kind: 'include', name: tree.include, tags: [] } as unknown as Step
  const { block, rescue, always } = tree
  return {
    kind: 'block',
    tags: [],
    steps: block.map(stepOf),
    rescue: rescue.map(stepOf),
    always: always.map(stepOf),
  } as unknown as Step
}

/** What a walk without failures passes, in order. */
function passed(tree: Tree): string[] {
  if (typeof tree === 'string') return tree.startsWith('x') ? [] : [tree]
  return 'include' in tree ? ['barrier'] : [...tree.block, ...tree.always].flatMap(passed)
}

const name = fc.tuple(fc.constantFrom('a', 'b', 'x'), fc.nat(99)).map(([letter, number]) => `${letter}${number}`)
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: name },
    { weight: 1, arbitrary: name.map((include) => ({ include })) },
    {
      weight: 2,
      arbitrary: fc.record({
        block: fc.array(tie('tree'), { maxLength: 3 }),
        rescue: fc.array(tie('tree'), { maxLength: 2 }),
        always: fc.array(tie('tree'), { maxLength: 2 }),
      }),
    },
  ),
}))
const trees = fc.array(tree, { maxLength: 5 })

const batch = { run: { request: { skipTags: ['x'] } } } as unknown as Batch

describe('what comes behind a task', () => {
  it('is the rest of its steps, then what is behind them, by blocks without their rescues', async () => {
    const { upcoming } = await import('../../../../core/engine/speculation/upcoming.ts')
    fc.assert(
      fc.property(fc.array(fc.tuple(trees, fc.nat(5)), { minLength: 1, maxLength: 3 }), (levels) => {
        // The first level is the innermost.
        const place = levels.reduceRight<Place | undefined>((after, [steps, index]) => {
          const frame = { after, handler: false } as unknown as Frame
          return { steps: steps.map(stepOf), index, frame }
        }, undefined)
        const told = [...upcoming(batch, place)].map((one) => (one === 'barrier' ? one : String(one.task.name)))
        expect(told).to.deep.equal(levels.flatMap(([steps, index]) => steps.slice(index).flatMap(passed)))
      }),
    )
  })

  it('takes tasks of handlers whatever their tags', async () => {
    const { upcoming } = await import('../../../../core/engine/speculation/upcoming.ts')
    const frame = { handler: true } as unknown as Frame
    const told = [...upcoming(batch, { steps: [stepOf('x1')], index: 0, frame })]
    expect(told).to.have.length(1)
  })

  it('is nothing where nobody is to look', async () => {
    const { upcoming } = await import('../../../../core/engine/speculation/upcoming.ts')
    expect([...upcoming(batch, undefined)]).to.deep.equal([])
  })
})
