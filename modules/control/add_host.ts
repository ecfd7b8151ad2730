import { z } from 'zod'
import type { Json } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineControl } from '../../core/module/define.ts'

export default defineControl({
  name: 'add_host',
  summary: 'Adds a host to the inventory for the rest of the run.',
  args: z.looseObject({
    name: arg.name().describe('name in the inventory'),
    groups: arg.list(arg.name()).default([]).describe('groups it joins'),
  }),
  returns: { add_host: 'host_name, groups and host_vars' },
  examples: `
- add_host: name=kvm7 groups=hypervisors ansible_host=192.0.2.7
`,
  async decide(_variables, { name, groups, ...variables }) {
    return { changed: true, add_host: { host_name: name, groups, host_vars: variables as Record<string, Json> } }
  },
})
