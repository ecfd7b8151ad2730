import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

/** Arguments of virt_net, as Ansible has them. */
export const netArgs = arg
  .object(
    {
      name: arg.name().optional().describe('The network.'),
      state: arg
        .choice('active', 'inactive', 'present', 'absent', 'undefined')
        .optional()
        .describe('State it shall have.'),
      command: arg
        .choice(
          'define',
          'create',
          'start',
          'stop',
          'destroy',
          'undefine',
          'get_xml',
          'list_nets',
          'facts',
          'info',
          'status',
          'modify',
        )
        .optional()
        .describe('What to do or read.'),
      xml: arg.str().optional().describe('The definition; for modify a <host> of DHCP.'),
      autostart: arg.bool().optional().describe('Start with the host.'),
      allow_disruption: arg
        .bool()
        .default(false)
        .describe('Stop it although running guests are connected; not among those of Ansible.'),
      uri: arg.str().optional().describe('Accepted where it is that of the host.'),
    },
    { aliases: { network: 'name' } },
  )
  .refine((a) => a.state === undefined || a.command === undefined, { message: 'state and command exclude each other' })
  .refine((a) => a.state !== undefined || a.command !== undefined || a.autostart !== undefined, {
    message: 'give state, command or autostart',
  })
export type NetArgs = z.output<typeof netArgs>
