import * as z from 'zod'
import type { Json } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineControl } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'

export default defineControl({
  name: 'add_host',
  summary: 'Adds a host to the inventory for the rest of the run.',
  args: z.looseObject({
    name: arg.name().optional().describe('name in the inventory'),
    hostname: arg.name().optional().describe('another name of name'),
    host: arg.name().optional().describe('another name of name'),
    groups: arg.list(arg.name()).optional().describe('groups it joins'),
    groupname: arg.list(arg.name()).optional().describe('another name of groups'),
    group: arg.list(arg.name()).optional().describe('another name of groups'),
  }),
  returns: { add_host: 'host_name, groups and host_vars' },
  examples: `
- add_host: name=kvm7 groups=hypervisors ansible_host=192.0.2.7
`,
  async decide(_variables, { name, hostname, host, groups, groupname, group, ...variables }) {
    const known = name ?? hostname ?? host
    if (known === undefined) throw new ModuleFailure('name or hostname is needed')
    const joined = groupname ?? groups ?? group ?? []
    return {
      changed: true,
      add_host: { host_name: known, groups: joined, host_vars: variables as Record<string, Json> },
    }
  },
})
