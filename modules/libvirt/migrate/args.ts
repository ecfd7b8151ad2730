import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

/** Arguments of libvirt_migrate. */
export const migrateArgs = arg.object({
  name: arg.name().describe('The VM.'),
  to: arg.name().describe('The host it is to be on.'),
  migrate_address: arg
    .str()
    .optional()
    .describe(
      'Address of the destination that the source reaches; default its variable fleet_address, then what the source resolves its host name to.',
    ),
  bandwidth: arg.int().optional().describe('Limit in MiB/s.'),
  auto_converge: arg.bool().default(true).describe('Slow a guest down that writes faster than it can be copied.'),
  timeout: arg
    .int()
    .default(0)
    .describe('Seconds after which the migration is given up, and the guest stays; 0: none.'),
  unsafe: arg
    .bool()
    .default(false)
    .describe(
      'Migrate although libvirt does not know the storage as shared. Only where both hosts see the same files, which is checked.',
    ),
})
export type MigrateArgs = z.output<typeof migrateArgs>
