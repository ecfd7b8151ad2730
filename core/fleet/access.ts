import type { JsonObject } from '../events/json.ts'
import { type BecomeKeywords, becomeOf, endpointOf, type Inventory } from '../inventory/index.ts'
import type { Variables } from '../language/index.ts'
import type { HostAccess } from './host.ts'
import { HostVariables } from './variables.ts'

const URI = 'qemu:///system'
/** Somebody waits for the answer: a host that is down is to be told of soon. */
const RETRIES = 1

/** What the command line says about access; the inventory's variables are stronger, as with playbooks. */
export interface AccessDefaults {
  /** By the names of Ansible's variables: `ansible_user`. */
  readonly login: JsonObject
  readonly become: BecomeKeywords
  readonly extraVars?: Variables
}

/** How a host is reached. `secret` is told every password on the way. Raises DiagnosticError. */
export async function accessOf(
  inventory: Inventory,
  host: string,
  defaults: AccessDefaults,
  secret: (value: string) => void,
): Promise<HostAccess> {
  const variables = await new HostVariables(inventory, host, defaults.extraVars).access()
  const endpoint = endpointOf(host, { ...defaults.login, ...variables })
  const become = becomeOf(host, variables, defaults.become)
  for (const one of [endpoint.password, endpoint.privateKeyPassphrase, become?.password]) {
    if (one !== undefined) secret(one)
  }
  const { libvirt_uri: uri } = variables
  return {
    endpoint: { retries: RETRIES, ...endpoint },
    become,
    uri: typeof uri === 'string' && uri !== '' ? uri : URI,
  }
}
