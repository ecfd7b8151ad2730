import { defineRun } from '../../core/module/define.ts'
import { byPlan } from './community/deed.ts'
import { virtPoolArgs } from './community/pool-args.ts'
import { planPool } from './community/pool-plan.ts'

export default defineRun({
  name: 'virt_pool',
  aliases: ['community.libvirt.virt_pool'],
  summary:
    "Storage pools, with the arguments and answers of Ansible's community.libvirt.virt_pool; libvirt_pool does more.",
  description: `What is different: \`changed\` says whether something was done, of commands too; a command that has nothing to do is no failure;
a check run tells what would be done; a pool that running guests have disks in is stopped only with allow_disruption.`,
  args: virtPoolArgs,
  touches: 'subject',
  returns: {
    list_pools: 'Names of the pools.',
    status: 'active or inactive.',
    get_xml: 'The definition.',
    pools:
      'With info, by name: autostart, persistent, state, status, uuid, type, path, size_total, size_used, size_available, volume_count, volumes.',
    ansible_facts: 'With facts, the same as ansible_libvirt_pools.',
    created: 'Name of a pool that was defined.',
  },
  examples: `- name: The pool is there
  community.libvirt.virt_pool:
    name: vms
    state: present
    xml: "<pool type='dir'><name>vms</name><target><path>/srv/vms</path></target></pool>"

- name: It runs
  virt_pool:
    name: vms
    state: active
`,
  ...byPlan(planPool),
})
