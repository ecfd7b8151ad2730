import { defineFleet } from '../../core/module/define.ts'
import { type FleetChange, type Host, type HostName, ModuleFailure } from '../../core/module/types.ts'
import { adjustVms } from './vms/adjust.ts'
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
const adjusting = new Gather<string, Context>(({ host, args }, names) => adjustVms(host, args, names))
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
  else await adjusting.add(args, where, context, change.item)
  if (goalOf(args) && awaited(change.changes)) await waiting.add(args, where, context, change.item)
}

function makingOf(change: FleetChange, args: VmsArgs): Making {
  const vm = wantedVms(args).find((v) => v.name === change.item)
  if (!vm) throw new Error(`VM ${change.item} is not in the task`)
  const told = (path: string): unknown => change.changes.find((c) => c.path === path)?.after
  const earlier = told('earlier_files')
  return {
    vm,
    mac: String(told('mac')),
    acceleration: told('acceleration') === 'kvm' ? 'kvm' : 'tcg',
    earlier: Array.isArray(earlier) ? earlier.map(String) : [],
  }
}

export default defineFleet({
  name: 'libvirt_vms',
  summary: 'Many virtual machines from one template, placed over the hosts of the play.',
  description: `Each VM is an overlay of one base image, defined from one template, with a UUID and a MAC computed from the
fleet and its name. A VM stays on the host it is on; a new one goes where memory is free. Nothing is made, started or removed
while a host that could hold the VM does not answer.

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
