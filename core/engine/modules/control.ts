import type { JsonObject } from '../../events/json.ts'
import type { ControlModule } from '../../module/types.ts'
import { type Answer, answer } from './answer.ts'
import type { Call } from './call.ts'

// biome-ignore lint/suspicious/noExplicitAny: the engine runs modules of every argument type
type AnyControl = ControlModule<any, JsonObject>

/** No host is touched: the same in check mode. */
export async function runControl(module: AnyControl, call: Call): Promise<Answer> {
  const { changed, failed, skipped, skipped_reason, ...result } = await module.decide(call.variables, call.args)
  const message = typeof result.msg === 'string' ? { message: result.msg } : {}
  if (failed === true) return answer({ status: 'failed', changed, result, ...message })
  if (skipped === true) {
    return answer({ status: 'skipped', result, ...(typeof skipped_reason === 'string' && { message: skipped_reason }) })
  }
  return answer({ status: 'done', changed, result, ...message })
}
