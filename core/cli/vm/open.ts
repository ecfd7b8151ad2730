import { connectionPool } from '../../connection/index.ts'
import type { JsonObject } from '../../events/json.ts'
import { FleetError, type FleetFailure } from '../../fleet/errors.ts'
import { Fleet } from '../../fleet/fleet.ts'
import { type Inventory, loadInventory } from '../../inventory/index.ts'
import { DiagnosticError } from '../../language/index.ts'
import { printable } from '../../report/index.ts'
import { createRedactor, createVault, type Redactor } from '../../secrets/index.ts'
import { printDiagnostics } from '../diagnostics.ts'
import { CliError, EXIT } from '../exit.ts'
import { extraVariables } from '../extra-vars.ts'
import { inventorySources } from '../inventory.ts'
import { type Passwords, readPasswords } from '../run-secrets.ts'
import { vaultAccess, vaultPasswords } from '../sources.ts'
import type { Streams } from '../streams.ts'
import type { FleetFlags } from './flags.ts'

/** What the verbs work with. */
export interface OpenFleet {
  readonly fleet: Fleet
  readonly inventory: Inventory
  readonly redactor: Redactor
  readonly streams: Streams
}

/** As `run` has them: something failed on a host; a host could not be reached. */
export const REFUSED = 2
export const UNREACHABLE = 4
const EXIT_OF: Readonly<Record<FleetFailure, number>> = {
  unknown: EXIT.error,
  ambiguous: EXIT.error,
  refused: REFUSED,
  silent: UNREACHABLE,
}

/** Reads inventory and passwords, works on the fleet, closes it. What cannot be done is a CliError with its exit code. */
export async function withFleet(
  flags: FleetFlags,
  streams: Streams,
  work: (open: OpenFleet) => Promise<number>,
): Promise<number> {
  const redactor = createRedactor()
  const redact = (text: string): string => redactor.text(text)
  const vault = createVault(await vaultPasswords(flags, streams, redactor))
  const access = vaultAccess(vault, redactor)
  const { inventory, diagnostics } = await loadInventory(inventorySources(flags.inventory), access)
  if (printDiagnostics(diagnostics, streams, { redact }))
    throw new CliError('the inventory cannot be used', { exitCode: EXIT.unparsable })
  const extraVars = await said(redact, () => extraVariables(flags.extraVars ?? [], access))
  // Of the options of a run, only those of passwords are read.
  const passwords = await readPasswords(flags, streams, redactor)
  const fleet = new Fleet({
    inventory,
    redactor,
    pool: connectionPool(),
    access: { extraVars, login: loginOf(flags, passwords), become: becomeOf(flags, passwords) },
  })
  try {
    return await said(redact, () => work({ fleet, inventory, redactor, streams }))
  } finally {
    await fleet.close()
  }
}

/** By Ansible's names, as the inventory would say it. */
function loginOf(flags: FleetFlags, passwords: Passwords): JsonObject {
  const given = {
    ansible_user: flags.user,
    ansible_password: passwords.connection,
    ansible_ssh_private_key_file: flags.privateKey,
    ansible_connection: flags.connection,
    ansible_ssh_timeout: flags.connectTimeout,
    ansible_ssh_common_args: flags.sshCommonArgs,
    virtfleet_host_key_policy: flags.hostKeyChecking,
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as JsonObject
}

const becomeOf = (flags: FleetFlags, passwords: Passwords) => ({
  become: flags.become,
  method: flags.becomeMethod,
  user: flags.becomeUser,
  password: passwords.become,
})

/** The fleet's and the inventory's errors as the command line's. */
async function said<T>(redact: (text: string) => string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FleetError) {
      const hint = error.hint === undefined ? {} : { hint: redact(printable(error.hint)) }
      throw new CliError(redact(printable(error.message)), { exitCode: EXIT_OF[error.failure], ...hint })
    }
    if (!(error instanceof DiagnosticError)) throw error
    throw new CliError(redact(printable(error.message)), { exitCode: EXIT.unparsable })
  }
}
