import { defineRun } from '../../core/module/define.ts'
import { byPlan } from './community/deed.ts'
import { netArgs } from './community/net-args.ts'
import { planNet } from './community/net-plan.ts'

export default defineRun({
  name: 'virt_net',
  aliases: ['community.libvirt.virt_net'],
  summary:
    "Networks of libvirt, with the arguments and answers of Ansible's community.libvirt.virt_net; libvirt_network does more.",
  description: `What is different: \`changed\` says whether something was done, of commands too; a check run tells what would be done; a network
that running guests are connected to is stopped only with allow_disruption. \`define\` and \`present\` compare by meaning.`,
  args: netArgs,
  touches: 'subject',
  returns: {
    list_nets: 'Names of the networks.',
    status: 'active or inactive.',
    get_xml: 'The definition.',
    networks: 'With info, by name: autostart, persistent, state, uuid, bridge, macaddress, forward_mode, dhcp_leases.',
    ansible_facts: 'With facts, the same as ansible_libvirt_networks.',
    created: 'Name of a network that was defined.',
    modified: 'Name of a network that was modified.',
  },
  examples: `- name: The network runs
  community.libvirt.virt_net:
    name: br_nat
    state: active

- name: An address for a machine
  virt_net:
    name: br_nat
    command: modify
    xml: "<host mac='52:54:00:12:34:56' name='web1' ip='192.168.122.30'/>"
`,
  ...byPlan(planNet),
})
