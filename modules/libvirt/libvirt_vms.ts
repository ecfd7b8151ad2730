import { defineFleet } from '../../core/module/define.ts'
import { type FleetChange, type Host, type HostName, ModuleFailure } from '../../core/module/types.ts'
import { RESTARTS } from './domain/plan-changes.ts'
import { type Adjustment, adjustVms } from './vms/adjust.ts'
import { type VmsArgs, vmsArgs } from './vms/args.ts'
import { diffVms } from './vms/diff.ts'
import { examineVms } from './vms/examine.ts'
import { domainsOf } from './vms/fleet.ts'
import { Gather } from './vms/gather.ts'
import { awaited, awaitVms, goalOf } from './vms/goal.ts'
import { makeVms } from './vms/make.ts'
import type { Making } from './vms/making.ts'
import { probeVms } from './vms/probe.ts'
import { removeVms } from './vms/remove.ts'
import { wantedVms } from './vms/wanted.ts'

interface Context {
  readonly host: Host
  readonly args: VmsArgs
}

const making = new Gather<Making, Context>(({ host, args }, items) => makeVms(host, args, items))
const adjusting = new Gather<Adjustment, Context>(({ host, args }, asked) => adjustVms(host, args, asked))
const removing = new Gather<string, Context>(({ host, args }, names) => removeVms(host, args, names))
const waiting = new Gather<string, Context>(({ host, args }, names) => awaitVms(host, args, names))

function hostOf(hosts: ReadonlyMap<HostName, Host>, name: HostName): Host {
  const host = hosts.get(name)
  if (!host) throw new ModuleFailure(`host ${name} is not at hand`)
  return host
}

async function apply(hosts: ReadonlyMap<HostName, Host>, change: FleetChange, args: VmsArgs): Promise<void> {
  const where = change.hosts[0] ?? ''
  const context = { host: hostOf(hosts, where), args }
  if (change.id.startsWith('remove ')) {
    for (const name of change.hosts) await removing.add(args, name, { host: hostOf(hosts, name), args }, change.item)
    return
  }
  if (change.id.startsWith('make ')) await making.add(args, where, context, makingOf(change, args))
  else {
    const restarts = change.changes.some(({ note }) => note === RESTARTS)
    await adjusting.add(args, where, context, { name: change.item, restarts })
  }
  if (goalOf(args) && awaited(change.changes)) await waiting.add(args, where, context, change.item)
}

function makingOf(change: FleetChange, args: VmsArgs): Making {
  const vm = wantedVms(args).find((v) => v.name === change.item)
  if (!vm) throw new Error(`VM ${change.item} is not in the task`)
  const told = (path: string): unknown => change.changes.find((c) => c.path === path)?.after
  const earlier = told('earlier_files')
  return {
    vm,
    macs: vm.interfaces.map((_, i) => String(told(i === 0 ? 'mac' : `mac${i + 1}`))),
    acceleration: told('acceleration') === 'kvm' ? 'kvm' : 'tcg',
    earlier: Array.isArray(earlier) ? earlier.map(String) : [],
  }
}

export default defineFleet({
  name: 'libvirt_vms',
  summary: 'Many virtual machines from one template, placed over the hosts of the play.',
  description: `Each VM is an overlay of one base image, defined from one template, with a UUID and MACs computed from the
fleet and its name; more disks and interfaces, and what is different for single VMs, are said in lists. A VM stays on the host it is on; a new one goes where memory and processors are free. Nothing is made, started or removed
while a host that could hold the VM does not answer.

VMs that are there become what the task says: at once where libvirt can do it while the guest runs, else at the next boot, or by a
restart (\`restart\`). Nothing is taken away from them: not a disk, not an interface.

What is made is written into a journal on the host first; removing VMs deletes what the journal says, and nothing else. A run
that was cut is continued by running it again. The number of round trips does not grow with the number of VMs, but for starts in
waves smaller than libvirt's own.

More: [many machines at once](../guide/batches.md).`,
  args: vmsArgs,
  returns: {
    vms: 'List of name, host, uuid, state, macs, addresses.',
  },
  examples: `- name: Forty machines from one image
  libvirt_vms:
    count: 40
    pattern: web%02d
    base: /var/lib/libvirt/images/debian-12.qcow2
    disk_size: 20G
    memory: 2GiB
    vcpus: 2
    network: default
    wait_for: address
  register: web

- name: Three with addresses of their own, each on another host, as soon as they answer SSH
  libvirt_vms:
    names: [db1, db2, db3]
    base: /var/lib/libvirt/images/debian-12-generic.qcow2
    bridge: br0
    address: 192.0.2.11/24
    gateway: 192.0.2.1
    anti_affinity: [[db1, db2, db3]]
    cloud_init:
      ssh_authorized_keys: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample admin@example.org
    wait_for: ssh

- name: Twenty that are ready for work, started three at a time
  libvirt_vms:
    count: 20
    pattern: app%02d
    base: /var/lib/libvirt/images/debian-12-generic.qcow2
    variables: {console_log: true}
    cloud_init:
      user_data: {packages: [qemu-guest-agent, nginx]}
    wave: 3
    wait_for: cloud_init
    wait_timeout: 900

- name: One larger than the others
  libvirt_vms:
    names: [db1, db2]
    base: /var/lib/libvirt/images/debian-12.qcow2
    memory: 4GiB
    overrides:
      - {name: db1, memory: 16GiB, host: kvm3}

- name: A database with a disk for its data and an interface for its storage; more disks come while it runs
  libvirt_vms:
    names: [db1, db2]
    base: /var/lib/libvirt/images/debian-12-generic.qcow2
    memory: 8GiB
    vcpus: 4
    disks:
      - size: 20G
      - {size: 200G, path: /srv/fast}
    interfaces:
      - {bridge: br0, address: 192.0.2.21/24, gateway: 192.0.2.1}
      - {network: storage, address: 198.51.100.21/24}
    cloud_init: {}
    overrides:
      - {name: db2, memory: 16GiB, base: /var/lib/libvirt/images/debian-13-generic.qcow2}
    restart: if_needed
    wait_for: ssh

- name: All of them gone
  libvirt_vms:
    count: 40
    pattern: web%02d
    state: absent
`,
  parallel: 10_000,
  shielded: true,
  probe: probeVms,
  silence: ({ domains }) => (domains.kind === 'silent' ? `libvirt does not answer: ${domains.reason}` : undefined),
  examine: examineVms,
  diff: diffVms,
  apply,
  result(states, args) {
    const vms = wantedVms(args).flatMap((vm) =>
      [...states.answered].flatMap(([host, state]) =>
        domainsOf(state)
          .filter((d) => d.model.uuid === vm.uuid)
          .map((d) => ({
            name: vm.name,
            host,
            uuid: vm.uuid,
            state: d.state,
            macs: d.model.nics.flatMap((n) => (n.mac === undefined ? [] : [n.mac])),
            addresses: [...d.addresses],
          })),
      ),
    )
    return { vms }
  },
})
