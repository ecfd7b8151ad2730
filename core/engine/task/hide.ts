import type { Json } from '../../events/json.ts'
import type { Redactor } from '../../secrets/index.ts'

/** Shorter texts are states, modes and names, which stand everywhere. */
const SHORTEST = 8
/** A result with more than that is no secret but a file or a listing. */
const MOST_LINES = 2000
/** What these hold is no secret, and everywhere else worth reading. */
const OPEN =
  /^(state|mode|owner|group|path|dest|src|name|chdir|executable|start|end|delta|checksum|ansible_facts|ansible_loop_var)$/
const OURS = new Set([
  'non-zero return code',
  'All items completed',
  'One or more items failed',
  'Conditional result was False',
])

/** What `no_log` hides is hidden wherever it comes up again: the texts of arguments and results, line by line. */
export function hideValues(value: Json, redactor: Redactor): void {
  let left = MOST_LINES
  const hide = (one: Json | undefined): void => {
    if (typeof one === 'string') {
      if (OURS.has(one)) return
      for (const line of one.split(/\r?\n/)) if (line.trim().length >= SHORTEST && left-- > 0) redactor.add(line)
    } else if (Array.isArray(one)) one.forEach(hide)
    else if (one !== null && typeof one === 'object')
      for (const [key, item] of Object.entries(one)) if (!OPEN.test(key)) hide(item)
  }
  hide(value)
}
