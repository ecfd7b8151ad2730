import { readDomain } from '../../core/libvirt/xml/domain.ts'
import { defineState } from '../../core/module/define.ts'
import { applyDomain } from './domain/apply.ts'
import { domainArgs } from './domain/args.ts'
import { diffDomain } from './domain/diff.ts'
import { probeDomain } from './domain/probe.ts'

export default defineState({
  name: 'libvirt_domain',
  summary: 'A virtual machine: its definition, its devices, whether it runs and starts with the host.',
  description: `The definition is compared by meaning, and only what the task declares: units, order, generated addresses, defaults and
devices that others attached do not count. It is declared by a template, by XML, in single arguments, or both: then the
arguments stand above the template. A domain that is to be made from arguments alone needs \`memory\`; what they leave open is
the shipped template's.

Each change tells when it goes: \`while the guest runs\` (disks, media, interfaces, processors, limits), \`at the next boot of the
guest\` unless \`restart: if_needed\`, \`until the guest lets go of it\`, or that it needs a decision (\`allow\`). Lists merge;
\`exact: [disks, interfaces]\` also removes.

A guest is asked to shut down, never cut off unless \`force\`. Removing a domain leaves its images alone
unless \`delete_storage\`, which deletes only writable images that nothing else uses: never CD-ROMs, ISO images or bases. Where
a QEMU has one of them open, on whatever host, the domain stays defined and nothing is deleted.
More: [declaring a domain](../guide/domains.md).`,
  args: domainArgs,
  returns: {
    name: 'Name of the domain.',
    uuid: 'Its UUID.',
    state: 'running, paused, shut off …, or absent.',
    autostart: 'Whether it starts with the host.',
    macs: 'Addresses of its interfaces.',
    disks: 'Its disks: target, source, format.',
  },
  examples: `- name: A virtual machine
  libvirt_domain:
    name: web1
    state: running
    autostart: true
    template: domain.xml.njk
    variables:
      memory_mib: 2048
      vcpus: 2
      disks:
        - {source: /var/lib/libvirt/images/web1.qcow2}
      interfaces:
        - {mac: "52:54:00:12:34:56", network: default}

- name: One more disk, while it runs
  libvirt_domain:
    name: web1
    disks:
      - {target: vdb, source: /var/lib/libvirt/images/web1-data.qcow2}

- name: A machine from arguments alone
  libvirt_domain:
    name: db1
    state: running
    memory: 4GiB
    vcpus: 2
    firmware: efi
    tpm: "2.0"
    graphics: vnc
    boot: [vda, "52:54:00:12:34:57"]
    disks:
      - {target: vda, source: /var/lib/libvirt/images/db1.qcow2, size: 40G}
      - {target: sda, device: cdrom, source: /srv/iso/debian.iso}
    interfaces:
      - {mac: "52:54:00:12:34:57", bridge: br0}
    exact: [disks, interfaces]

- name: The CD out of the drive, a larger disk, no cut
  libvirt_domain:
    name: db1
    disks:
      - {target: vda, source: /var/lib/libvirt/images/db1.qcow2, size: 60G}
      - {target: sda, device: cdrom}

- name: Another name, once it is off
  libvirt_domain:
    name: db-old
    rename_from: db1
    state: stopped

- name: Gone, with its images
  libvirt_domain:
    name: web1
    state: absent
    delete_storage: true
`,
  wakes: true,
  shielded: true,
  probe: probeDomain,
  diff: diffDomain,
  apply: applyDomain,
  result({ answer }, args) {
    const found = answer.kind === 'answer' ? answer.value.found : undefined
    const xml = found?.config ?? found?.live
    if (!found || !xml) return { name: args.name, state: 'absent' }
    const model = readDomain(xml)
    return {
      name: args.name,
      uuid: found.summary.uuid,
      state: found.summary.state,
      autostart: found.summary.autostart,
      macs: model.nics.flatMap((n) => (n.mac === undefined ? [] : [n.mac])),
      disks: model.disks.map((d) => ({ target: d.target, source: d.source ?? '', format: d.format ?? '' })),
    }
  },
})
