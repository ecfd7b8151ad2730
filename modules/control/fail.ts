import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineControl } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'

export default defineControl({
  name: 'fail',
  summary: 'Fails with a message.',
  args: arg.object({ msg: arg.raw().default('Failed as requested from task') }),
  examples: `
- fail: msg="this host has no /dev/kvm"
  when: not kvm.stat.exists
`,
  async decide(_variables, a): Promise<JsonObject & { changed: boolean }> {
    throw new ModuleFailure(typeof a.msg === 'string' ? a.msg : JSON.stringify(a.msg))
  },
})
