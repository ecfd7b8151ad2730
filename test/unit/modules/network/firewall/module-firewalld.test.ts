import { expect } from 'chai'
import firewalld from '../../../../../modules/network/firewalld.ts'

describe('firewalld', () => {
  const told = (state: { live?: boolean; permanent?: boolean }, input: object) => {
    const args = firewalld.args.parse({ state: 'enabled', ...input }) as never
    const found = { running: true, live: state.live, permanent: state.permanent }
    return firewalld.diff(found, args).map(({ path, before, after }) => [path, before, after])
  }

  it('tells what differs where it was asked about', () => {
    const nfs = { service: 'nfs' }
    expect(told({ live: false }, nfs)).to.deep.equal([['default zone service', undefined, 'nfs']])
    expect(told({ live: true }, nfs)).to.deep.equal([])
    expect(told({ live: true }, { ...nfs, zone: 'work', state: 'disabled' })).to.deep.equal([
      ['work service', 'nfs', undefined],
    ])
    expect(told({ live: true, permanent: false }, { ...nfs, permanent: true, immediate: true })).to.deep.equal([
      ['default zone permanent service', undefined, 'nfs'],
    ])
    expect(told({ live: true }, { masquerade: 'no' })).to.deep.equal([['default zone masquerade', 'on', undefined]])
    expect(told({ live: true }, { masquerade: 'no', state: 'disabled' })).to.deep.equal([])
  })

  const refused: [object, RegExp][] = [
    [{}, /give one of service, port/],
    [{ service: 'nfs', port: '1/tcp' }, /give one of/],
    [{ port: '2049' }, /port or a range/],
    [{ service: 'nfs', zone: '--panic-on' }, /panic|zone/],
    [{ service: 'nfs', timeout: 5, permanent: true }, /timeout cannot be permanent/],
    [{ service: 'nfs', state: 'present' }, /enabled/],
  ]
  for (const [input, message] of refused)
    it(`refuses ${JSON.stringify(input)}`, () =>
      expect(() => firewalld.args.parse({ state: 'enabled', ...input })).to.throw(message))
})
