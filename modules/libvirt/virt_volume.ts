import { defineRun } from '../../core/module/define.ts'
import { byPlan } from './community/deed.ts'
import { virtVolumeArgs } from './community/volume-args.ts'
import { planVolume } from './community/volume-plan.ts'

export default defineRun({
  name: 'virt_volume',
  aliases: ['community.libvirt.virt_volume'],
  summary:
    "Volumes of a pool, with the arguments of Ansible's community.libvirt.virt_volume; libvirt_volume does more.",
  description: `A volume that a domain has as a disk, or an image is on top of, is neither wiped nor deleted. For create_cidata_cdrom there is cloud_init, for upload and
download there are copy and libvirt_volume, for resize libvirt_volume.`,
  args: virtVolumeArgs,
  touches: 'subject',
  returns: {
    list_volumes: 'Names of the volumes.',
    get_xml: 'The definition.',
    volumes: 'With info, by name: path, type, capacity, allocation, format, backing.',
    ansible_facts: 'With facts, the same as ansible_libvirt_volumes.',
    created: 'Name of a volume that was made.',
  },
  examples: `- name: A volume
  community.libvirt.virt_volume:
    pool: vms
    state: present
    xml: "<volume><name>data.raw</name><capacity unit='GiB'>4</capacity></volume>"

- name: What is in the pool
  virt_volume:
    pool: vms
    command: list_volumes
  register: volumes
`,
  ...byPlan(planVolume),
})
