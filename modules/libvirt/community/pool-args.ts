import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

/** Arguments of virt_pool, as Ansible has them. */
export const virtPoolArgs = arg
  .object(
    {
      name: arg.name().optional().describe('The pool.'),
      state: arg
        .choice('active', 'inactive', 'present', 'absent', 'undefined', 'deleted')
        .optional()
        .describe(
          'State it shall have; deleted also removes what it stands on, which libvirt does only where that is empty.',
        ),
      command: arg
        .choice(
          'define',
          'build',
          'create',
          'start',
          'stop',
          'destroy',
          'delete',
          'undefine',
          'get_xml',
          'list_pools',
          'facts',
          'info',
          'status',
          'refresh',
        )
        .optional()
        .describe('What to do or read.'),
      mode: arg
        .choice('new', 'repair', 'resize', 'no_overwrite', 'overwrite', 'normal', 'zeroed')
        .optional()
        .describe(
          'For build: overwrite, or no_overwrite. The others are accepted where libvirt does the same without them.',
        ),
      xml: arg.str().optional().describe('The definition, for define and present.'),
      autostart: arg.bool().optional().describe('Start with the host.'),
      allow_disruption: arg
        .bool()
        .default(false)
        .describe('Stop it although running guests have disks in it; not among those of Ansible.'),
      uri: arg.str().optional().describe('Accepted where it is that of the host.'),
    },
    { aliases: { pool: 'name' } },
  )
  .refine((a) => a.state === undefined || a.command === undefined, { message: 'state and command exclude each other' })
  .refine((a) => a.state !== undefined || a.command !== undefined || a.autostart !== undefined, {
    message: 'give state, command or autostart',
  })
  .refine((a) => a.mode !== 'repair' && a.mode !== 'resize' && a.mode !== 'zeroed', {
    message: 'libvirt knows no pool that this mode does something for',
  })
export type VirtPoolArgs = z.output<typeof virtPoolArgs>
