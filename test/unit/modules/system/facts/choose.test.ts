import { expect } from 'chai'
import { chooseSubsets } from '../../../../../modules/system/facts/choose.ts'

describe('gather_subset', () => {
  // Each list was given to Ansible's setup, and what it answered was looked at.
  const table: readonly (readonly [string, string])[] = [
    ['all', 'min,hardware,network,virtual'],
    ['min', 'min'],
    ['network', 'min,network'],
    ['!all', 'min'],
    ['!min', ''],
    ['!all,!min', ''],
    ['!hardware', 'min'],
    ['all,!hardware', 'min,network,virtual'],
    ['all,!min', 'hardware,network,virtual'],
    ['!all,network', 'min,network'],
    ['network,!all', 'min,network'],
    ['!all,!min,network', 'network'],
    ['network,!network', 'min,network'],
    ['!network,network', 'min,network'],
    ['!hardware,hardware,!min', 'hardware'],
    ['!virtual,!min', ''],
    ['!facter', 'min'],
    ['!facter,!ohai,all', 'min,hardware,network,virtual'],
    ['!distribution', 'min'],
    ['!all,!min,distribution', 'min'],
    ['!all,!min,mounts', 'hardware'],
    ['!all,!min,interfaces', 'network'],
  ]
  for (const [list, expected] of table)
    it(`${list} is ${expected || 'nothing'}`, () => expect(chooseSubsets(list.split(',')).join(',')).to.equal(expected))

  it('names what it does not know', () => expect(() => chooseSubsets(['netwrk'])).to.throw("unknown subset 'netwrk'"))
})
