import { expect } from 'chai'
import { ModuleFailure } from '../../../../core/module/types.ts'
import { hasKind, kindOf, parseUnits, unitsInTheWay, unitsToTurnOn } from '../../../../modules/libvirt/host/daemons.ts'
import type { HostState } from '../../../../modules/libvirt/host/probe.ts'
import hypervisor from '../../../../modules/libvirt/libvirt_host.ts'

const MONOLITHIC = 'libvirtd.socket active enabled\nlibvirtd.service active enabled\n'
const MODULAR = 'virtqemud.socket active enabled\nvirtnetworkd.socket active enabled\n'
const off = (units: string): string => units.replaceAll(' active enabled', ' inactive disabled')

describe('daemons of a host', () => {
  const kinds: [string, string, ReturnType<typeof kindOf>][] = [
    ['none', '', undefined],
    ['one for all', MONOLITHIC, 'libvirtd'],
    ['one for each', MODULAR, 'modular'],
    ['both, of which libvirtd is on', MONOLITHIC + off(MODULAR), 'libvirtd'],
    ['both, of which the modular ones are on', off(MONOLITHIC) + MODULAR, 'modular'],
    ['both, and none is on', off(MONOLITHIC) + off(MODULAR), 'modular'],
    ['modular ones, and a masked libvirtd', `libvirtd.service inactive masked\n${MODULAR}`, 'modular'],
  ]
  for (const [title, units, kind] of kinds) {
    it(`are ${title}: ${kind ?? 'unknown'}`, () => expect(kindOf(parseUnits(units))).to.equal(kind))
  }

  it('are turned on where they are not, and the others off', () => {
    const both = parseUnits(MONOLITHIC + off(MODULAR))
    const names = (units: readonly { name: string }[]) => units.map((u) => u.name)
    expect(names(unitsToTurnOn('modular', both))).to.deep.equal(['virtqemud.socket', 'virtnetworkd.socket'])
    expect(names(unitsInTheWay('modular', both))).to.deep.equal(['libvirtd.socket', 'libvirtd.service'])
    expect(unitsToTurnOn('libvirtd', both)).to.deep.equal([])
    expect(unitsInTheWay('libvirtd', both)).to.deep.equal([])
    expect([hasKind('modular', both), hasKind('libvirtd', parseUnits(MODULAR))]).to.deep.equal([true, false])
  })
})

describe('libvirt_host', () => {
  const state = (units: string): HostState => ({
    manager: 'apt',
    packages: [],
    missing: [],
    units: parseUnits(units),
    systemd: true,
    kvm: { device: false, processor: false },
    validation: [],
    qemuConf: undefined,
    libvirt: undefined,
  })
  const diff = (units: string, daemon: string) =>
    hypervisor.diff(state(units), hypervisor.args.parse({ daemon }) as never)

  it('never turns the one daemon off where the other is not installed', () => {
    expect(() => diff(MONOLITHIC, 'modular')).to.throw(ModuleFailure, 'no virtqemud.socket')
    expect(() => diff(MODULAR, 'libvirtd')).to.throw(ModuleFailure, 'libvirtd is not installed')
    for (const units of [MONOLITHIC, MODULAR]) expect(diff(units, 'auto')).to.deep.equal([])
  })

  it('exchanges them where both are installed', () => {
    expect(diff(MONOLITHIC + off(MODULAR), 'modular').map((c) => `${c.path} ${String(c.after)}`)).to.deep.equal([
      'units.libvirtd.socket off',
      'units.libvirtd.service off',
      'units.virtqemud.socket on',
      'units.virtnetworkd.socket on',
    ])
  })
})
