import { quote, type ShellText, sh } from '../../connection/quote.ts'
import { resolveAsync, type Scope, str, type Value } from '../../language/index.ts'
import { ModuleFailure } from '../../module/types.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The `environment` keywords of a task, outermost first, as one set of variables. */
export async function environmentOf(values: readonly Value[], scope: Scope): Promise<ReadonlyMap<string, string>> {
  const result = new Map<string, string>()
  for (const value of values) {
    const resolved = await resolveAsync(value, scope)
    for (const dict of Array.isArray(resolved) ? resolved : [resolved]) {
      if (!(dict instanceof Map)) continue
      for (const [key, item] of dict) {
        const name = str(key)
        if (!NAME.test(name)) throw new ModuleFailure(`'${name}' is not the name of an environment variable`)
        result.set(name, str(item))
      }
    }
  }
  return result
}

/** The script with the variables exported before it. */
export function withEnvironment(script: ShellText, environment: ReadonlyMap<string, string>): ShellText {
  if (environment.size === 0) return script
  const exports = [...environment].map(([name, value]) => sh.raw(`export ${name}=${quote(value)}`))
  return sh.join([...exports, script])
}
