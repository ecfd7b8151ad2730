import { defineFleet } from '../../core/module/define.ts'
import { applyMigrate } from './migrate/apply.ts'
import { migrateArgs } from './migrate/args.ts'
import { diffMigrate } from './migrate/diff.ts'
import { examine } from './migrate/examine.ts'
import { probeMigrate } from './migrate/probe.ts'

export default defineFleet({
  name: 'libvirt_migrate',
  summary: 'A virtual machine is on a certain host; it is migrated there live if it is on another one.',
  description: `Before anything moves, both hosts are looked at: storage, CPU, machine type, networks, memory, names. Everything that
stands in the way is told at once, and the VM stays where it is. The hosts need no key for one another: the controller relays
the conversation of their libvirts; only the guest's memory goes from host to host directly.

Whatever the migration's end, both sides are asked what is true: a VM that did not arrive runs on as before, and nothing is
destroyed where both sides run.`,
  args: migrateArgs,
  returns: {
    name: 'Name of the VM.',
    host: 'The host it is on.',
    state: 'running, shut off …',
  },
  examples: `- name: web1 runs on kvm2
  libvirt_migrate:
    name: web1
    to: kvm2

- name: At most 100 MiB/s, by the storage network
  libvirt_migrate:
    name: web1
    to: kvm2
    migrate_address: 10.0.8.2
    bandwidth: 100
`,
  shielded: true,
  probe: probeMigrate,
  silence: ({ place }) => (place.kind === 'silent' ? place.reason : undefined),
  examine,
  diff: diffMigrate,
  apply: applyMigrate,
  result(states, args) {
    const found = [...states.answered].find(([, s]) => s.resident !== undefined)
    return {
      name: args.name,
      ...(found?.[1].resident ? { host: found[0], state: found[1].resident.summary.state } : {}),
    }
  },
})
