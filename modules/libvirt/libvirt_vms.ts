import { defineFleet } from '../../core/module/define.ts'
import { type FleetChange, type Host, type HostName, ModuleFailure } from '../../core/module/types.ts'
import { adjustVms } from './vms/adjust.ts'
import { type VmsArgs, vmsArgs } from './vms/args.ts'
import { awaitsAddress, diffVms } from './vms/diff.ts'
import { domainsOf } from './vms/fleet.ts'
import { Gather } from './vms/gather.ts'
import { type Making, makeVms } from './vms/make.ts'
import { probeVms } from './vms/probe.ts'
import { removeVms } from './vms/remove.ts'
import { type Awaited, waitForAddresses, waitForSsh } from './vms/wait.ts'
import { wantedVms } from './vms/wanted.ts'

interface Context {
  readonly host: Host
  readonly args: VmsArgs
}

const making = new Gather<Making, Context>(({ host, args }, items) => makeVms(host, args, items))
const adjusting = new Gather<string, Context>(({ host, args }, names) => adjustVms(host, args, names))
const removing = new Gather<string, Context>(({ host, args }, names) => removeVms(host, args, names))
const waiting = new Gather<Awaited, Context>(async ({ host, args }, guests) => {
  const end = Date.now() + args.timeout * 1000
  const found = await waitForAddresses(
    host,
    guests.filter((guest) => guest.address === undefined),
    args.timeout,
  )
  if (args.wait_for !== 'ssh') return new Map()
  const reached = guests.map((guest) => ({ ...guest, address: guest.address ?? found.get(guest.mac) ?? '' }))
  const silent = await waitForSsh(host, reached, end)
  return new Map([...silent].map(([guest, error]) => [guests[reached.indexOf(guest)]!, error]))
})

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
  if (args.state === 'running' && awaitsAddress(args)) await awaitAddress(context, change)
}

function makingOf(change: FleetChange, args: VmsArgs): Making {
  const vm = wantedVms(args).find((v) => v.name === change.item)
  if (!vm) throw new Error(`VM ${change.item} is not in the task`)
  const told = (path: string): unknown => change.changes.find((c) => c.path === path)?.after
  return { vm, mac: String(told('mac')), acceleration: told('acceleration') === 'kvm' ? 'kvm' : 'tcg' }
}

async function awaitAddress(context: Context, change: FleetChange): Promise<void> {
  const fixed = wantedVms(context.args)
    .find((vm) => vm.name === change.item)
    ?.address?.cidr.split('/')[0]
  if (fixed !== undefined && context.args.wait_for === 'address') return
  const list = await context.host.libvirt.query(['domiflist', `--domain=${change.item}`])
  const mac = /([0-9a-f]{2}(?::[0-9a-f]{2}){5})/.exec(list)?.[1]
  if (mac === undefined) throw new ModuleFailure(`VM '${change.item}' has no interface to have an address on`)
  await waiting.add(context.args, change.hosts[0] ?? '', context, {
    name: change.item,
    mac,
    ...(fixed !== undefined && { address: fixed }),
  })
}

export default defineFleet({
  name: 'libvirt_vms',
  summary: 'Many virtual machines from one template, placed over the hosts of the play.',
  description: `Each VM is an overlay of one base image, defined from one template, with a UUID and a MAC computed from the
fleet and its name. A VM stays on the host it is on; a new one goes where memory is free. Nothing is made, started or removed
while a host that could hold the VM does not answer.

What is made is written into a journal on the host first; removing VMs deletes what the journal says, and nothing else. A run
that was cut is continued by running it again. The number of round trips does not grow with the number of VMs.`,
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
