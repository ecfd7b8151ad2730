import type { Json, JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineControl } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'

export default defineControl({
  name: 'assert',
  summary: 'Fails unless expressions hold.',
  args: arg.object({
    that: arg.oneOrMore(arg.raw()).describe('expressions, as in when'),
    fail_msg: arg.raw().optional(),
    msg: arg.raw().optional().describe('another name of fail_msg'),
    success_msg: arg.raw().optional(),
    quiet: arg.bool().default(false),
  }),
  examples: `
- assert:
    that:
      - ansible_memtotal_mb > 2000
      - inventory_hostname in groups.hypervisors
    fail_msg: too small for a hypervisor
`,
  async decide(variables, a): Promise<JsonObject & { changed: boolean }> {
    for (const one of a.that) {
      const value = typeof one === 'string' ? await variables.evaluate(one) : one
      if (holds(value)) continue
      const message = a.fail_msg ?? a.msg ?? 'Assertion failed'
      throw new ModuleFailure(typeof message === 'string' ? message : JSON.stringify(message), {
        result: { assertion: one, evaluated_to: false, msg: message },
      })
    }
    return { changed: false, msg: a.success_msg ?? 'All assertions passed' }
  },
})

function holds(value: Json): boolean {
  if (value === null || value === false || value === 0 || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  return typeof value !== 'object' || Object.keys(value).length > 0
}
