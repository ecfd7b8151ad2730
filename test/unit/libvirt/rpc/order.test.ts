import { expect } from 'chai'
import fc from 'fast-check'
import { EVERYTHING, Order } from '../../../../core/libvirt/rpc/session/order.ts'

type Step = { readonly kind: 'read' } | { readonly kind: 'change'; readonly key: string }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.constant({ kind: 'read' } as const),
    fc.constantFrom('a', 'b', 'c', EVERYTHING).map((key) => ({ kind: 'change', key }) as const),
  ),
  { maxLength: 12 },
)

describe('the order of calls', () => {
  it('lets reads see the changes before them and none behind them, and keeps the changes of one thing apart', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.scheduler(), fc.nat(), async (given, scheduler, failing) => {
        const order = new Order()
        const log: { step: number; at: 'begin' | 'end' }[] = []
        const run = (step: number) => async (): Promise<void> => {
          log.push({ step, at: 'begin' })
          await scheduler.schedule(Promise.resolve())
          log.push({ step, at: 'end' })
          if (step === failing) throw new Error('refused')
        }
        const done = given.map((s, i) => (s.kind === 'read' ? order.read(run(i)) : order.change(s.key, run(i))))
        const settled = Promise.allSettled(done)
        await scheduler.waitFor(settled)
        const at = (step: number, what: 'begin' | 'end') => log.findIndex((l) => l.step === step && l.at === what)
        for (const [i, later] of given.entries()) {
          for (const [j, earlier] of given.slice(0, i).entries()) {
            const apart =
              later.kind !== earlier.kind ||
              (later.kind === 'change' &&
                earlier.kind === 'change' &&
                (later.key === earlier.key || [later.key, earlier.key].includes(EVERYTHING)))
            if (apart) expect(at(j, 'end'), `${j} before ${i}`).to.be.lessThan(at(i, 'begin'))
          }
        }
        expect(log).to.have.length(2 * given.length)
      }),
    )
  })

  it('begins in the same tick what has nothing to wait for', () => {
    const order = new Order()
    const begun: string[] = []
    const note = (what: string) => async () => void begun.push(what)
    void order.read(note('read'))
    void order.read(note('read too'))
    expect(begun).to.deep.equal(['read', 'read too'])
    const other = new Order()
    void other.change('a', note('a'))
    void other.change('b', note('b'))
    expect(begun.slice(2)).to.deep.equal(['a', 'b'])
  })
})
