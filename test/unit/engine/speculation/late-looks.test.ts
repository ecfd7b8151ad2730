import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { ConnectionPool } from '../../../../core/connection/types.ts'
import { play, program, runText } from '../harness.ts'

describe('a look ahead that waits for the hosts to be dialled', function () {
  this.timeout(60_000)

  /** How often connections were asked for while tasks ran, and behind the last result. */
  async function asked(tasks: string): Promise<[during: number, after: number]> {
    const { connectionPool } = await program()
    const pool = connectionPool()
    let count = 0
    const counting: ConnectionPool = {
      get: (endpoint, signal) => {
        count++
        return pool.get(endpoint, signal)
      },
      forget: (name) => pool.forget(name),
      closeAll: () => pool.closeAll(),
    }
    const hosts = '[all:vars]\nansible_connection=local\n[all]\nh1\nh2\n'
    const ran = await runText(play(tasks), { hosts, pool: counting })
    expect(ran.exitCode).to.equal(0)
    const during = count
    await delay(50)
    await pool.closeAll()
    return [during, count - during]
  }

  const looking = (more = ''): string =>
    ['/etc', '/usr', '/bin/none'].map((path) => `- stat: path=${path}\n${more}`).join('')

  it('is over with its turn, on the host itself and on another one', async () => {
    expect((await asked(looking()))[1]).to.equal(0)
    expect((await asked(looking('  delegate_to: h2\n')))[1]).to.equal(0)
    expect((await asked(`${looking('  delegate_to: h2\n')}${looking()}`))[1]).to.equal(0)
  })

  it('does not ask for what has been asked already', async () => {
    const [own] = await asked(looking())
    const [delegated] = await asked(looking('  delegate_to: h2\n'))
    expect(delegated).to.equal(own)
  })
})
