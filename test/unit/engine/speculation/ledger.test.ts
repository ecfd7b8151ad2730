import { expect } from 'chai'
import fc from 'fast-check'
import type { Frontier, Ledger, Mark } from '../../../../core/engine/speculation/ledger.ts'

const HOSTS = ['h1', 'h2', 'localhost'] as const
type HostName = (typeof HOSTS)[number]

/** One that was written down: when it began and ended, on a clock of everything that happens. */
interface Write {
  readonly host: HostName
  readonly owner: HostName
  readonly shell: string | undefined
  readonly began: number
  ended: number
}

interface Probe {
  readonly host: HostName
  readonly owner: HostName
  readonly shell: string
  readonly began: number
}

/** Remembers everything and looks through all of it. */
class Model {
  now = 0
  readonly writes: Write[] = []

  private underWay({ began }: Probe): Write[] {
    return this.writes.filter((one) => one.began < began && one.ended > began)
  }

  disordered(probe: Probe): boolean {
    const concerns = this.underWay(probe).filter((one) => one.host === probe.host || one.owner === probe.owner)
    return concerns.some((one) => one.host !== probe.host || one.shell === undefined || one.shell !== probe.shell)
  }

  othersBusy(probe: Probe): boolean {
    return this.underWay(probe).some((one) => one.host !== probe.host)
  }

  writtenHere({ host, owner, began }: Probe): boolean {
    return this.writes.some((one) => one.began > began && (one.host === host || one.owner === owner))
  }

  writtenElsewhere({ host, began }: Probe, until: number): boolean {
    return this.writes.some((one) => one.began > began && one.began <= until && one.host !== host)
  }
}

interface Real {
  readonly ledger: Ledger
  readonly ends: (() => void)[]
  readonly marks: { readonly mark: Mark; readonly probe: Probe }[]
  readonly frontiers: { readonly frontier: Frontier; readonly at: number }[]
}

type Step = (model: Model, real: Real) => void

const host = fc.constantFrom(...HOSTS)
/** As the engine names them: no two hosts share one. */
const shellOf = (host: HostName, user: string): string => `${user}@${host}`
const user = fc.constantFrom('root', 'other')

const begin: fc.Arbitrary<Step> = fc
  .record({ host, owner: host, user: fc.option(user, { nil: undefined }) })
  .map(({ host, owner, user }) => (model, { ledger, ends }) => {
    const shell = user && shellOf(host, user)
    model.writes.push({ host, owner, shell, began: ++model.now, ended: Number.POSITIVE_INFINITY })
    ends.push(ledger.begin(host, shell, owner))
  })
const end: fc.Arbitrary<Step> = fc.nat(20).map((at) => (model, { ends }) => {
  const index = at % Math.max(1, ends.length)
  const write = model.writes[index]
  if (!write) return
  // To end twice is to end once.
  write.ended = Math.min(write.ended, ++model.now)
  ends[index]!()
})
const mark: fc.Arbitrary<Step> = fc
  .record({ host, owner: host, user })
  .map(({ host, owner, user }) => (model, real) => {
    const shell = shellOf(host, user)
    const probe = { host, owner, shell, began: ++model.now }
    real.marks.push({ probe, mark: real.ledger.mark(host, shell, owner) })
  })
const task: fc.Arbitrary<Step> = fc.constant((model, { ledger, frontiers }) => {
  frontiers.push({ frontier: ledger.frontier, at: ++model.now })
})

describe('the ledger of writes', () => {
  it('says of every probe what a look through all writes says', async () => {
    const { Ledger } = await import('../../../../core/engine/speculation/ledger.ts')
    fc.assert(
      fc.property(fc.array(fc.oneof(begin, end, mark, task), { maxLength: 40 }), (steps) => {
        const model = new Model()
        const real: Real = { ledger: new Ledger(), ends: [], marks: [], frontiers: [] }
        for (const step of steps) step(model, real)
        const { ledger, marks, frontiers } = real
        for (const { mark, probe } of marks) {
          expect(mark.disordered, 'disordered').to.equal(model.disordered(probe))
          expect(mark.othersBusy, 'othersBusy').to.equal(model.othersBusy(probe))
          expect(ledger.writtenHere(mark), 'writtenHere').to.equal(model.writtenHere(probe))
          for (const { frontier, at } of frontiers)
            expect(ledger.writtenElsewhere(mark, frontier), 'writtenElsewhere').to.equal(
              model.writtenElsewhere(probe, at),
            )
        }
      }),
      { numRuns: 1000 },
    )
  })
})
