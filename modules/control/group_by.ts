import { arg } from '../../core/module/arg.ts'
import { defineControl } from '../../core/module/define.ts'

export default defineControl({
  name: 'group_by',
  summary: 'Puts hosts into groups named by a fact.',
  args: arg.object({
    key: arg.name().describe('name of the group'),
    parents: arg.oneOrMore(arg.name()).default(['all']),
  }),
  returns: { add_group: 'the group', parent_groups: 'its parents' },
  examples: `
- group_by: key=os_{{ ansible_distribution }}
`,
  async decide(_variables, { key, parents }) {
    return {
      changed: true,
      add_group: key.replaceAll(' ', '-'),
      parent_groups: parents.map((one) => one.replaceAll(' ', '-')),
    }
  },
})
