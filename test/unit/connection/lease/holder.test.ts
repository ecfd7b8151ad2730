import { expect } from 'chai'
import fc from 'fast-check'
import {
  inUse,
  type LeaseHolder,
  readHolder,
  thisHolder,
  writeHolder,
} from '../../../../core/connection/lease/holder.ts'

describe('the holder of a lease', () => {
  it('is read as it was written, in one line', () => {
    const holder = thisHolder('42')
    expect(readHolder(writeHolder(holder))).to.deep.equal(holder)
    const strange: LeaseHolder = { ...holder, user: "a'b \\ $(id)", controller: 'é' }
    expect(readHolder(writeHolder(strange))).to.deep.equal(strange)
    expect(writeHolder({ ...holder, run: 'a\nb\r\x1b' })).not.to.match(/[\n\r\x1b]/)
  })

  it('is named in a sentence', () => {
    const holder = { user: 'anna', controller: 'ctl', pid: 1, run: '42', since: '2026-11-20T08:15:03.250Z' }
    expect(inUse('kvm1', holder)).to.equal('kvm1 is in use by anna@ctl (run 42, since 2026-11-20 08:15:03 UTC)')
    expect(inUse('kvm1', undefined)).to.equal('kvm1 is in use by another run')
  })

  it('is not what a host makes up', () => {
    expect(readHolder('')).to.equal(undefined)
    expect(readHolder('{"user":"x"}')).to.equal(undefined)
    const hostile = { ...thisHolder('1'), user: 'a\u001b[2Jb' }
    expect(readHolder(JSON.stringify(hostile))?.user).to.equal('a?[2Jb')
    expect(readHolder(JSON.stringify({ ...hostile, run: 'x'.repeat(201) }))).to.equal(undefined)
    fc.assert(
      fc.property(fc.string(), (line) => {
        expect(readHolder(line)).to.equal(undefined)
      }),
    )
  })
})
