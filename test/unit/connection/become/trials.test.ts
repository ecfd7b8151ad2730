import { expect } from 'chai'
import { PasswordTrials } from '../../../../core/connection/become/trials.ts'
import { ConnectionError } from '../../../../core/connection/errors.ts'

const become = { method: 'sudo', user: 'root', password: 'p' } as const

describe('connection: trials of a password', () => {
  it('asks the others only after the first host said yes', async () => {
    const trials = new PasswordTrials()
    const order: string[] = []
    let answer!: () => void
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    const first = trials.first(become, 'a', async () => {
      await asked
      order.push('a')
    })
    const second = trials.first(become, 'b', async () => void order.push('b'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(order).to.deep.equal([])
    answer()
    await Promise.all([first, second])
    expect(order).to.deep.equal(['a', 'b'])
  })

  it('lets the next host prove it when the first failed for another reason', async () => {
    const trials = new PasswordTrials()
    const first = trials.first(become, 'a', () => Promise.reject(new ConnectionError('lost', 'a', 'gone')))
    const second = trials.first(become, 'b', async () => 'yes')
    expect(await first.catch((e: ConnectionError) => e.failure)).to.equal('lost')
    expect(await second).to.equal('yes')
  })

  it('does not try a refused password again, nor mix it up with another', async () => {
    const trials = new PasswordTrials()
    const refused = () => Promise.reject(new ConnectionError('become-password', 'a', 'refused'))
    await trials.first(become, 'a', refused).catch(() => undefined)
    const error = await trials.first(become, 'b', async () => 'never').catch((e: ConnectionError) => e)
    expect(error).to.be.instanceOf(ConnectionError)
    expect((error as ConnectionError).host).to.equal('b')
    expect(await trials.first({ ...become, password: 'q' }, 'b', async () => 'other')).to.equal('other')
  })
})
