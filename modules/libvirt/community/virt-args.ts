import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

const COMMANDS = [
  'create',
  'define',
  'destroy',
  'freemem',
  'get_xml',
  'info',
  'list_vms',
  'nodeinfo',
  'pause',
  'shutdown',
  'start',
  'status',
  'stop',
  'undefine',
  'unpause',
  'uuid',
  'virttype',
] as const

/** Arguments of virt, as Ansible has them. */
export const virtArgs = arg
  .object(
    {
      name: arg
        .name()
        .optional()
        .describe('The domain; needed unless the command is list_vms, info or about the host.'),
      state: arg
        .choice('destroyed', 'paused', 'running', 'shutdown')
        .optional()
        .describe('State it shall have; shutdown only asks the guest.'),
      command: arg
        .choice(...COMMANDS)
        .optional()
        .describe('What to do or read.'),
      xml: arg.str().optional().describe('The definition, for define and create.'),
      autostart: arg.bool().optional().describe('Start with the host.'),
      flags: arg
        .list(arg.choice('managed_save', 'snapshots_metadata', 'nvram', 'keep_nvram', 'checkpoints_metadata'))
        .default([])
        .describe('What undefine forgets besides.'),
      force: arg.bool().default(false).describe('undefine: with all that the flags name. It deletes no disk.'),
      mutate_flags: arg
        .list(arg.choice('ADD_UUID', 'ADD_MAC_ADDRESSES', 'ADD_MAC_ADDRESSES_FUZZY'))
        .default([])
        .describe('Accepted; UUID and MACs that the xml lacks are always those of the domain that is there.'),
      uri: arg.str().optional().describe('Accepted where it is that of the host.'),
    },
    { aliases: { guest: 'name' } },
  )
  .refine((a) => a.state === undefined || a.command === undefined || a.command === 'list_vms', {
    message: 'state and command exclude each other, except with list_vms',
  })
  .refine((a) => a.state !== undefined || a.command !== undefined || a.autostart !== undefined, {
    message: 'give state, command or autostart',
  })
export type VirtArgs = z.output<typeof virtArgs>
