import { defineState } from '../../core/module/define.ts'
import { applyVolume } from './storage/volume/apply.ts'
import { volumeArgs } from './storage/volume/args.ts'
import { diffVolume } from './storage/volume/diff.ts'
import { probeVolume } from './storage/volume/probe.ts'

export default defineState({
  name: 'libvirt_volume',
  summary:
    'A volume of a storage pool: created, copied, converted, sent from the controller or brought there, given another size, removed.',
  description: `The size is a target: a volume is grown to it (while a guest runs, too), and never shrunk unasked. The formats of a volume
and of its base image are always written down.

A copy, a conversion or what is sent gets its name when it is whole; the source stays as it is. A disk of a machine that runs, or is
saved, is not copied: the copy would be torn. What a volume was made from is not compared again, unless \`force\`.

A volume that something needs is not deleted: a disk of a machine, running or not, or a base of any image in the pools of the host and
beside it, however deep, and not where one of these folders cannot be looked into. Of a shared folder, overlays that lie elsewhere on another host are seen only while a QEMU has them open.`,
  args: volumeArgs,
  returns: {
    path: 'Path of the volume on the host.',
    capacity: 'Its virtual size in bytes.',
    format: 'qcow2 or raw.',
    backing: 'What it is on top of; null for nothing.',
  },
  examples: `- name: A data disk of 20 GiB
  libvirt_volume:
    pool: images
    name: data1.qcow2
    capacity: 20G

- name: A disk on top of a base image
  libvirt_volume:
    pool: images
    name: web1.qcow2
    backing: /var/lib/libvirt/images/debian-12.qcow2
    capacity: 40G

- name: A raw image as compressed qcow2, beside it
  libvirt_volume:
    pool: images
    name: web2.qcow2
    from: web2.raw
    compressed: true

- name: The disk of a machine of ESXi, which was copied to the host
  libvirt_volume:
    pool: images
    name: windows.qcow2
    from: /srv/import/windows/windows.vmdk

- name: An installer's CD from the controller
  libvirt_volume:
    pool: images
    name: debian-12.iso
    src: isos/debian-12.iso

- name: A copy of a disk on the controller
  libvirt_volume:
    pool: images
    name: web2.qcow2
    dest: "{{ playbook_dir }}/backups/web2.qcow2"
`,
  wakes: true,
  probe: probeVolume,
  diff: diffVolume,
  apply: applyVolume,
  result({ answer }) {
    const volume = answer.kind === 'answer' ? answer.value.volume : undefined
    if (!volume) return {}
    const { path, capacity, format, backing } = volume
    return { path, capacity: Number(capacity), format, backing: backing ?? null }
  },
})
