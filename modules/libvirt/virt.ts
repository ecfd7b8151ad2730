import { defineRun } from '../../core/module/define.ts'
import { byPlan } from './community/deed.ts'
import { virtArgs } from './community/virt-args.ts'
import { planVirt } from './community/virt-plan.ts'

export default defineRun({
  name: 'virt',
  aliases: ['community.libvirt.virt'],
  summary: "Domains, with the arguments and answers of Ansible's community.libvirt.virt; libvirt_domain does more.",
  description: `What is different: \`changed\` says whether something was done, of commands too; a command that has nothing to do is no failure;
a check run tells what would be done. \`define\` compares by meaning, and keeps UUID and MACs. \`undefine\` is refused while the domain
runs, and deletes no disk, with force neither.`,
  args: virtArgs,
  touches: 'subject',
  returns: {
    list_vms: 'Names of the domains.',
    status: 'running, paused, shutdown, crashed.',
    get_xml: 'The definition.',
    created: 'Name of a domain that was defined.',
    change_reason: 'autostart, where only that has changed.',
    freemem: 'Free memory of the host in bytes.',
    virttype: 'QEMU.',
  },
  examples: `- name: Start a VM
  community.libvirt.virt:
    name: alpha
    state: running

- name: Which run
  virt:
    command: list_vms
    state: running
  register: running
`,
  ...byPlan(planVirt),
})
