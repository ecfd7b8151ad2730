import { getEventListeners } from 'node:events'
import { expect } from 'chai'
import { backOff } from '../../../../core/connection/back-off.ts'
import { ordered } from '../../../../core/connection/index.ts'
import { Aborts } from '../../../../core/connection/shell/aborts.ts'

describe('the order of commands', () => {
  it('is kept but for lines as they come and large input', () => {
    expect(ordered({})).to.equal(true)
    expect(ordered({ foreign: true, shielded: true, stdin: 'x'.repeat(96 * 1024) })).to.equal(true)
    expect(ordered({ stdin: 'ä'.repeat(50 * 1024) })).to.equal(false)
    expect(ordered({ onLine: () => undefined })).to.equal(false)
  })
})

describe('many commands and one signal', () => {
  it('are one listener, for as long as one waits', () => {
    const stop = new AbortController()
    const aborts = new Aborts()
    const said: number[] = []
    const leave = [1, 2, 3].map((i) => aborts.add(stop.signal, () => said.push(i)))
    expect(getEventListeners(stop.signal, 'abort')).to.have.length(1)
    leave[1]!()
    leave[1]!()
    stop.abort()
    expect(said).to.deep.equal([1, 3])
    for (const one of leave) one()
    const other = new AbortController()
    aborts.add(other.signal, () => undefined)()
    expect(getEventListeners(other.signal, 'abort')).to.have.length(0)
    aborts.add(other.signal, () => said.push(4))
    other.abort()
    expect(said).to.deep.equal([1, 3, 4])
  })
})

describe('the time between attempts', () => {
  const said = (text: string): Error => new Error(`10.0.0.1:22 ended the connection: ${text}`)
  it('grows, has a jitter, and respects a punishing sshd', () => {
    for (let i = 0; i < 50; i++) {
      expect(backOff(0, said('reset'))).to.be.within(250, 500)
      expect(backOff(2, said('reset'))).to.be.within(1000, 2000)
      expect(backOff(9, said('reset'))).to.be.within(7500, 15_000)
      expect(backOff(0, said('Exceeded MaxStartups'))).to.be.within(1000, 2000)
      expect(backOff(0, said('Not allowed at this time'))).to.be.within(16_000, 20_000)
    }
  })
})
