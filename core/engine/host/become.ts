import type { Become } from '../../connection/types.ts'
import { resolveAsync, str, truth, type Scope, type Value } from '../../language/index.ts'
import { DiagnosticError, errorAt } from '../../language/diagnostic.ts'
import type { BecomeDefaults } from '../request.ts'

export interface BecomeKeywords {
  readonly become?: Value | undefined
  readonly becomeUser?: Value | undefined
  readonly becomeMethod?: Value | undefined
  readonly becomeFlags?: Value | undefined
  readonly becomeExe?: Value | undefined
}

/** As whom a task runs: variables of the host, then keywords, then the command line. Undefined: the login user. */
export async function becomeOf(scope: Scope, keywords: BecomeKeywords, defaults: BecomeDefaults): Promise<Become | undefined> {
  const read = async (keyword: Value | undefined, ...names: string[]): Promise<Value | undefined> => {
    const found = names.map((name) => scope.get(name)).find((value) => value !== undefined) ?? keyword
    return found === undefined || found === null ? undefined : resolveAsync(found, scope)
  }
  const enabled = await read(keywords.become, 'ansible_become')
  if (!(enabled === undefined ? (defaults.enabled ?? false) : truth(enabled))) return undefined
  const text = async (keyword: Value | undefined, ...names: string[]): Promise<string | undefined> => {
    const value = await read(keyword, ...names)
    return value === undefined ? undefined : str(value)
  }
  const method = ((await text(keywords.becomeMethod, 'ansible_become_method')) ?? defaults.method ?? 'sudo').replace(
    /^(ansible\.builtin|community\.general)\./,
    '',
  )
  if (method !== 'sudo' && method !== 'su' && method !== 'doas') {
    throw new DiagnosticError([
      errorAt('unknown-become-method', `'${method}' is not a become method`, undefined, 'use sudo, su or doas'),
    ])
  }
  const user = (await text(keywords.becomeUser, 'ansible_become_user')) ?? defaults.user ?? 'root'
  const password =
    (await text(undefined, 'ansible_become_password', 'ansible_become_pass', `ansible_${method}_pass`)) ?? defaults.password
  const exe = await text(keywords.becomeExe, 'ansible_become_exe')
  const flags = await text(keywords.becomeFlags, 'ansible_become_flags')
  return {
    method,
    user,
    ...(password !== undefined && { password }),
    ...(exe !== undefined && { exe }),
    ...(flags !== undefined && flags !== '' && { flags: flags.split(/\s+/).filter(Boolean) }),
  }
}
