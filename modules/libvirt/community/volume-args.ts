import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

/** Arguments of virt_volume, as Ansible has them. */
export const virtVolumeArgs = arg
  .object(
    {
      name: arg.name().optional().describe('The volume.'),
      pool: arg.name().describe('Its pool, which must be active.'),
      state: arg.choice('present', 'absent').optional().describe('State it shall have.'),
      command: arg
        .choice('create', 'create_from', 'delete', 'wipe', 'list_volumes', 'get_xml', 'info', 'facts')
        .optional()
        .describe('What to do or read.'),
      xml: arg.str().optional().describe('The definition, for create and present.'),
      clone_source: arg.name().optional().describe('A volume of the pool that the new one is a copy of.'),
      wipe: arg.bool().default(false).describe('Overwrite it before it is deleted.'),
      mode: arg.str().optional().describe('Accepted; libvirt does the same without it.'),
      uri: arg.str().optional().describe('Accepted where it is that of the host.'),
    },
    { aliases: { volume: 'name' } },
  )
  .refine((a) => (a.state === undefined) !== (a.command === undefined), { message: 'give either state or command' })
export type VirtVolumeArgs = z.output<typeof virtVolumeArgs>
