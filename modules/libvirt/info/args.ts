import type { z } from 'zod'
import { arg } from '../../../core/module/arg.ts'

export const SUBSETS = ['node', 'capabilities', 'domains', 'networks', 'pools', 'volumes'] as const
export type Subset = (typeof SUBSETS)[number]

/** Arguments of libvirt_info. */
export const infoArgs = arg.object(
  {
    gather_subset: arg
      .list(arg.choice('all', ...SUBSETS))
      .default(['node', 'domains', 'networks', 'pools'])
      .describe('What to read; all is everything.'),
    domains: arg.list(arg.name()).optional().describe('Only domains of these names.'),
    networks: arg.list(arg.name()).optional().describe('Only networks of these names.'),
    pools: arg.list(arg.name()).optional().describe('Only pools of these names, and only their volumes.'),
    details: arg
      .bool()
      .default(false)
      .describe('Definitions too: disks, interfaces, addresses, capacities. One more round trip.'),
  },
  { aliases: { subset: 'gather_subset' } },
)
export type InfoArgs = z.output<typeof infoArgs>

/** Whether that part is asked for. */
export const wants = (a: InfoArgs, subset: Subset): boolean =>
  a.gather_subset.includes('all') || a.gather_subset.includes(subset)
