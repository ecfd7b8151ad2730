import type { JsonObject } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineControl } from '../../core/module/define.ts'

export default defineControl({
  name: 'debug',
  summary: 'Shows a message or a variable.',
  args: arg
    .object({
      msg: arg.raw().optional(),
      var: arg.str().optional().describe('expression to show'),
      verbosity: arg.int().default(0).describe('only shown with at least so many -v'),
    })
    .refine((a) => a.msg === undefined || a.var === undefined, { message: 'give msg or var, not both' }),
  examples: `
- debug: msg="{{ inventory_hostname }} has {{ ansible_memtotal_mb }} MiB"
- debug: var=pools.stdout_lines
`,
  async decide(variables, a): Promise<JsonObject & { changed: boolean }> {
    if (variables.verbosity < a.verbosity) {
      return { changed: false, skipped: true, skipped_reason: 'verbosity threshold not met' }
    }
    if (a.var === undefined) return { changed: false, msg: a.msg ?? 'Hello world!' }
    return { changed: false, [a.var]: await variables.evaluate(a.var) }
  },
})
