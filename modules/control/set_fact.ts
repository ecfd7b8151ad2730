import * as z from 'zod'
import type { Json } from '../../core/events/json.ts'
import { arg } from '../../core/module/arg.ts'
import { defineControl } from '../../core/module/define.ts'
import { ModuleFailure } from '../../core/module/types.ts'

const NAME = /^[A-Za-z_]\w*$/

export default defineControl({
  name: 'set_fact',
  summary: 'Sets variables of the host for the rest of the run.',
  args: z.looseObject({ cacheable: arg.bool().default(false).describe('accepted; facts live as long as the run') }),
  returns: { ansible_facts: 'what was set' },
  examples: `
- set_fact:
    image_folder: /srv/images
`,
  async decide(_variables, { cacheable: _, ...facts }) {
    const names = Object.keys(facts)
    if (names.length === 0) throw new ModuleFailure('no variable given')
    const bad = names.find((name) => !NAME.test(name))
    if (bad !== undefined)
      throw new ModuleFailure(`'${bad}' is not a variable name`, { hint: 'letters, digits and _, not a digit first' })
    return { changed: false, ansible_facts: facts as Record<string, Json> }
  },
})
