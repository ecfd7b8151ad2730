import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { connectionPool } from '../../../core/connection/pool.ts'
import type { Transport } from '../../../core/connection/transport.ts'
import type { Endpoint } from '../../../core/connection/types.ts'

const endpoint: Endpoint = {
  name: 'h1',
  transport: 'ssh',
  address: 'h1',
  hostKeys: { policy: 'strict' },
  retries: 0,
}

describe('the pool', () => {
  it('tries anew behind an attempt that was given up, and has not ended yet', async () => {
    const transport = { closed: new Promise(() => undefined), close: async () => undefined } as unknown as Transport
    let attempts = 0
    const pool = connectionPool({
      async open(_endpoint, signal) {
        if (++attempts > 1) return transport
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await delay(20)
        throw signal.reason
      },
    })
    const impatient = new AbortController()
    const first = pool.get(endpoint, impatient.signal)
    await delay(10)
    impatient.abort(new Error('enough'))
    expect(await first.catch((error: Error) => error.message)).to.equal('enough')
    expect((await pool.get(endpoint)).endpoint.name).to.equal('h1')
    await delay(40)
    expect((await pool.get(endpoint)).endpoint.name).to.equal('h1')
    expect(attempts).to.equal(2)
    await pool.closeAll()
  })
})
