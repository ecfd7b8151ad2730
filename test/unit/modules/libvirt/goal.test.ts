import { expect } from 'chai'
import { vmsArgs } from '../../../../modules/libvirt/vms/args.ts'
import type { Known } from '../../../../modules/libvirt/vms/fleet.ts'
import { unmet } from '../../../../modules/libvirt/vms/goal.ts'
import type { SeenVm } from '../../../../modules/libvirt/vms/probe.ts'
import type { WantedVm } from '../../../../modules/libvirt/vms/wanted.ts'

interface Found {
  readonly addresses?: readonly string[]
  readonly reason?: string
  readonly fixed?: boolean
  readonly noted?: { readonly cloudInit?: boolean; readonly ssh?: boolean }
}

/** What a second run still waits for with a VM that runs. */
function left(goal: string, { addresses = [], reason = 'booted', fixed = false, noted }: Found): string[] {
  const interfaces = fixed ? [{ network: 'default', address: { cidr: '192.0.2.1/24' } }] : [{ network: 'default' }]
  const vm = { name: 'web', interfaces } as unknown as WantedVm
  const seen = { addresses, reason } as unknown as SeenVm
  const entry = { name: 'web', uuid: 'u', files: [], cloudInit: false, ssh: false, ...noted }
  const known: Known = { host: 'kvm1', seen, journals: [{ host: 'kvm1', entry }] }
  return unmet(vm, seen, known, vmsArgs.parse({ names: ['web'], wait_for: goal })).map(({ path }) => path)
}

describe('what a VM that runs has not shown yet', () => {
  const address = { addresses: ['192.0.2.1'] }
  const table: [goal: string, found: Found, expected: string[]][] = [
    ['running', {}, []],
    ['address', {}, ['address']],
    ['address', address, []],
    ['address', { fixed: true }, []],
    ['address', { reason: 'migrated' }, []],
    // An address is no SSH server: a run that ended while it waited is not made good by the lease.
    ['ssh', {}, ['ssh']],
    ['ssh', address, ['ssh']],
    ['ssh', { fixed: true }, ['ssh']],
    ['ssh', { ...address, noted: { cloudInit: true } }, ['ssh']],
    ['ssh', { noted: { ssh: true } }, []],
    ['ssh', { reason: 'migrated' }, []],
    ['cloud_init', address, ['cloud_init']],
    ['cloud_init', { noted: { ssh: true } }, ['cloud_init']],
    ['cloud_init', { noted: { cloudInit: true } }, []],
  ]
  for (const [goal, found, expected] of table)
    it(`${goal}, ${JSON.stringify(found)}: ${expected.join() || 'nothing'}`, () =>
      expect(left(goal, found)).to.deep.equal(expected))
})
