import { type Environment, type LookupFunction, str } from '../../language/index.ts'
import type { Ledger } from './ledger.ts'

/** Lookups that run commands, or make files, on the controller. */
const ACTING = ['pipe', 'lines', 'password']
/** What lookups do is done on no host: the controller may be one by another name. */
const NOWHERE = ''

/** An environment whose lookups that act are told to the ledger as writes of the host whose task it is. */
export function told(environment: Environment, ledger: Ledger): Environment {
  const lookups = new Map(environment.lookups)
  for (const [name, lookup] of lookups)
    if (ACTING.includes(name.slice(name.lastIndexOf('.') + 1))) lookups.set(name, tellingLookup(lookup, ledger))
  return { ...environment, lookups }
}

const tellingLookup =
  (lookup: LookupFunction, ledger: Ledger): LookupFunction =>
  async (terms, kwargs, context) => {
    const owner = context.scope.get('inventory_hostname')
    const end = ledger.begin(NOWHERE, undefined, owner === undefined ? NOWHERE : str(owner))
    try {
      return await lookup(terms, kwargs, context)
    } finally {
      end()
    }
  }
