import { PythonError, str } from '../python/index.ts'
import type { CallContext, FilterFunction, VaultAccess } from '../types.ts'
import { filterTable } from './table.ts'

/** The vault of the run; its owner registers what it opens with the redactor. */
export function vaultOf(context: CallContext): VaultAccess {
  const { vault } = context.scope.environment
  if (!vault) throw new PythonError('FilterError', 'no vault password was given')
  return vault
}

/** Filters of vault texts. The passwords are those of the run: a secret of a template's own is not taken. */
export const vaultFilters: [string, FilterFunction][] = filterTable({
  'unvault secret? vault_id?': (v, [secret], context) => {
    if (secret !== undefined)
      throw new PythonError('FilterError', 'unvault takes no secret here: give vault passwords to the run')
    return vaultOf(context).decrypt(str(v))
  },
  'vault secret? salt? vault_id? wrap_object?': (v, [secret], context) => {
    if (secret !== undefined)
      throw new PythonError('FilterError', 'vault takes no secret here: give vault passwords to the run')
    const { encrypt } = vaultOf(context)
    if (!encrypt) throw new PythonError('FilterError', 'nothing can be encrypted in this run')
    return encrypt(str(v))
  },
})
