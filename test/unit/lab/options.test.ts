import { expect } from 'chai'
import { LabError } from '../../../lab/errors.ts'
import { type LabOptions, planMachines } from '../../../lab/options.ts'
import { neededPackages } from '../../../lab/packages.ts'

describe('lab options', () => {
  const plans: [string, LabOptions, string][] = [
    ['the default lab', {}, 'hv1 hv2 nfs1'],
    ['containers beside it', { containers: 2 }, 'hv1 hv2 nfs1 c1 c2'],
    ['containers alone', { hypervisors: 0, containers: { plain: 1, libvirt: 2, network: 1 } }, 'c1 l1 l2 n1'],
    ['a prefix', { hypervisors: 1, nfsServers: 0, prefix: 'west-' }, 'west-hv1'],
  ]
  for (const [title, options, names] of plans) {
    it(`plans ${title}`, () => {
      const machines = planMachines(options)
      expect(machines.map((machine) => machine.name).join(' ')).to.equal(names)
      expect(new Set(machines.map((machine) => machine.number)).size).to.equal(machines.length)
    })
  }

  const refused: [LabOptions, RegExp][] = [
    [{ hypervisors: -1 }, /^hypervisors must be/],
    [{ hypervisors: 1.5 }, /^hypervisors must be/],
    [{ nfsServers: 21 }, /^nfsServers must be/],
    [{ containers: Number.NaN }, /^containers must be/],
    [{ memory: 100 }, /^memory must be at least/],
    [{ prefix: 'a;b' }, /^prefix must be/],
    [{ hypervisors: 0 }, /^a lab needs/],
  ]
  for (const [options, message] of refused) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => planMachines(options)).to.throw(LabError, message)
    })
  }

  it('gives every machine of the largest lab an address of its own', () => {
    const others = { 'libvirt-bullseye': 10, 'libvirt-trixie': 10, modular: 10 }
    const containers = { plain: 50, libvirt: 50, network: 50, security: 14, ...others }
    const numbers = planMachines({ hypervisors: 20, nfsServers: 20, containers }).map((machine) => machine.number)
    expect(new Set(numbers).size).to.equal(numbers.length).and.to.equal(234)
    expect(Math.max(...numbers)).to.be.below(255)
    expect(Math.min(...numbers)).to.be.above(3)
  })

  it('needs QEMU only for emulated machines and nspawn only for containers', () => {
    const vms = neededPackages(planMachines({}))
    const containers = neededPackages(planMachines({ hypervisors: 0, containers: 1 }))
    expect(vms).to.include('qemu-system-x86').and.not.include('systemd-container')
    expect(containers).to.include('systemd-container').and.not.include('qemu-system-x86')
  })
})
