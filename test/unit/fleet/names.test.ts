import { expect } from 'chai'
import fc from 'fast-check'
import { FleetError } from '../../../core/fleet/errors.ts'
import { chooseVm, parseVmName } from '../../../core/fleet/names.ts'
import type { HostAnswer } from '../../../core/fleet/vms.ts'
import { answerOf, silentOf, vmOf } from './vm-of.ts'

const isHost = (name: string): boolean => ['kvm1', 'kvm2', 'kvm3'].includes(name)

describe('the name of a VM', () => {
  const table: [string, string, string | undefined][] = [
    ['web1', 'web1', undefined],
    ['web1@kvm1', 'web1', 'kvm1'],
    ['web1@example.org', 'web1@example.org', undefined],
    ['a@b@kvm2', 'a@b', 'kvm2'],
    ['web@kvm1@kvm2', 'web@kvm1', 'kvm2'],
  ]
  for (const [text, name, host] of table) {
    it(`reads ${text}`, () => expect(parseVmName(text, isHost)).to.deep.equal({ name, host }))
  }
  for (const text of ['', '@kvm1']) {
    it(`refuses '${text}'`, () => expect(() => parseVmName(text, isHost)).to.throw(FleetError, 'names no VM'))
  }
})

describe('which VM is meant', () => {
  const both = [answerOf('kvm1', 'web1', 'db1'), answerOf('kvm2', 'web1', 'mail')]
  const half = [answerOf('kvm1', 'web1', 'db1'), silentOf('kvm2')]
  const choose = (text: string, answers: readonly HostAnswer[], purpose: 'look' | 'change') =>
    chooseVm(parseVmName(text, isHost), answers, purpose)

  const found: [string, readonly HostAnswer[], 'look' | 'change', string][] = [
    ['db1', both, 'change', 'kvm1'],
    ['web1@kvm2', both, 'change', 'kvm2'],
    ['web1@kvm1', half, 'change', 'kvm1'],
    ['web1', half, 'look', 'kvm1'],
    ['kvm2-mail', both, 'change', 'kvm2'],
    ['KVM2-MAIL', both, 'look', 'kvm2'],
  ]
  for (const [text, answers, purpose, host] of found) {
    const who = answers.map((one) => ('silent' in one ? `${one.host} silent` : one.host)).join(', ')
    it(`to ${purpose}, ${text} with ${who} is on ${host}`, () =>
      expect(choose(text, answers, purpose).host).to.equal(host))
  }

  const refused: [string, readonly HostAnswer[], 'look' | 'change', string, RegExp, RegExp][] = [
    ['web1', both, 'look', 'ambiguous', /several hosts: kvm1, kvm2/, /web1@kvm1/],
    ['web1', both, 'change', 'ambiguous', /several hosts: kvm1, kvm2/, /web1@kvm1/],
    ['db1', half, 'change', 'silent', /is on kvm1, and could be on .*kvm2 \(connection refused\)/, /db1@kvm1/],
    ['nix', half, 'look', 'silent', /was not found.*kvm2/, /^$/],
    ['nix', both, 'change', 'unknown', /no VM 'nix' on any host/, /vm list/],
    ['web1@kvm2', half, 'change', 'silent', /was not found.*kvm2/, /^$/],
    ['db1@kvm2', both, 'change', 'unknown', /no VM 'db1' on kvm2/, /./],
    ['mial', both, 'look', 'unknown', /no VM 'mial'/, /did you mean mail/],
  ]
  for (const [text, answers, purpose, failure, message, hint] of refused) {
    const who = answers.map((one) => ('silent' in one ? `${one.host} silent` : one.host)).join(', ')
    it(`to ${purpose}, refuses ${text} with ${who}: ${failure}`, () => {
      try {
        choose(text, answers, purpose)
      } catch (error) {
        expect(error).to.be.instanceOf(FleetError)
        const { failure: kind, message: said, hint: hinted } = error as FleetError
        expect(kind).to.equal(failure)
        expect(said).to.match(message)
        expect(hinted ?? '').to.match(hint)
        return
      }
      expect.fail('it was not refused')
    })
  }

  it('takes the name before the UUID of another', () => {
    const uuid = 'c7a5fdbd-edaf-9455-926a-d65c16db1809'
    const answer = { host: 'kvm1', libvirt: true, vms: [vmOf('kvm1', 'x', { uuid }), vmOf('kvm1', uuid)] }
    expect(choose(uuid, [answer], 'change').name).to.equal(uuid)
  })

  it('never changes a VM by its bare name while a host is silent, whatever the others have', () => {
    const host = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
    fc.assert(
      fc.property(host, host, fc.constantFrom('a', 'b', 'c'), (one, two, name) => {
        const answers = [answerOf('kvm1', ...new Set(one)), answerOf('kvm2', ...new Set(two)), silentOf('kvm3')]
        expect(() => choose(name, answers, 'change')).to.throw(FleetError)
      }),
    )
  })

  it('finds what is on exactly one host, and only that', () => {
    const host = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
    fc.assert(
      fc.property(host, host, fc.constantFrom('a', 'b', 'c'), (one, two, name) => {
        const on = [one.includes(name) && 'kvm1', two.includes(name) && 'kvm2'].filter((it) => it !== false)
        const answers = [answerOf('kvm1', ...new Set(one)), answerOf('kvm2', ...new Set(two))]
        if (on.length === 1) expect(choose(name, answers, 'change').host).to.equal(on[0])
        else expect(() => choose(name, answers, 'change')).to.throw(FleetError)
      }),
    )
  })
})
