import { expect } from 'chai'
import { Gate, uplinkOf } from '../../../../core/connection/files/uplink.ts'
import type { Endpoint } from '../../../../core/connection/types.ts'

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the gate of an uplink', () => {
  it('lets so many pass at once, the others in their order', async () => {
    const gate = new Gate()
    const [inside, told]: [string[], string[]] = [[], []]
    const leave = new Map<string, () => void>()
    for (const name of ['a', 'b', 'c', 'd']) {
      void gate
        .enter(2, undefined, (ahead) => told.push(`${name} behind ${ahead}`))
        .then((done) => {
          inside.push(name)
          leave.set(name, done)
        })
    }
    await tick()
    expect(inside).to.deep.equal(['a', 'b'])
    expect(told).to.deep.equal(['c behind 2', 'd behind 3'])
    leave.get('b')!()
    leave.get('b')!()
    await tick()
    expect(inside, 'a place is given back once').to.deep.equal(['a', 'b', 'c'])
    leave.get('a')!()
    await tick()
    expect(inside).to.deep.equal(['a', 'b', 'c', 'd'])
  })

  it('forgets who gave up waiting', async () => {
    const gate = new Gate()
    const leave = await gate.enter(1)
    const stop = new AbortController()
    const waiting = gate.enter(1, stop.signal).then(
      () => 'in',
      (error: Error) => error.message,
    )
    const next = gate.enter(1).then(() => 'in')
    stop.abort(new Error('interrupted'))
    expect(await waiting).to.equal('interrupted')
    leave()
    expect(await next).to.equal('in')
    const error = await gate.enter(5, AbortSignal.abort(new Error('already'))).catch((reason: Error) => reason.message)
    expect(error).to.equal('already')
  })

  it('is that of the first bastion, of a proxy command, or of the controller', async () => {
    const endpoint: Endpoint = {
      name: 'h',
      transport: 'ssh',
      address: '192.0.2.1',
      user: 'u',
      useSshConfig: false,
      hostKeys: { policy: 'strict' },
    }
    expect(await uplinkOf(endpoint)).to.equal('')
    expect(await uplinkOf({ ...endpoint, address: '192.0.2.2' })).to.equal('')
    expect(await uplinkOf({ ...endpoint, proxyJump: 'me@first:2222,second' })).to.equal('first:2222')
    expect(await uplinkOf({ ...endpoint, proxyCommand: 'connect %h' })).to.equal('connect %h')
    expect(await uplinkOf({ ...endpoint, transport: 'local' })).to.equal(undefined)
  })
})
