import { CommandTimeout, ConnectionError, OutputTooLarge } from '../connection/index.ts'
import { DiagnosticError } from '../language/index.ts'
import { MalformedPacket } from '../libvirt/rpc/xdr/malformed.ts'
import { SnapshotKept } from '../libvirt/snapshot/kept.ts'
import { LibvirtError, LibvirtUnavailable } from '../libvirt/types.ts'

/**
 * Why something was not done with a VM. unknown: there is none of that name; ambiguous: on several hosts; silent: a host that
 * could have it has not answered; refused: not in the state it is in, or libvirt said no.
 */
export type FleetFailure = 'unknown' | 'ambiguous' | 'silent' | 'refused'

/** What was asked for could not be done; the message is for the user. */
export class FleetError extends Error {
  readonly failure: FleetFailure
  readonly hint: string | undefined
  constructor(failure: FleetFailure, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'FleetError'
    this.failure = failure
    this.hint = options.hint
  }
}

/** What a host, its libvirt or the inventory did, in words; undefined for an error that is a bug. */
export function saidBy(error: unknown): { reason: string; hint?: string } | undefined {
  if (error instanceof ConnectionError || error instanceof SnapshotKept) {
    return { reason: error.message, ...(error.hint !== undefined && { hint: error.hint }) }
  }
  if (error instanceof LibvirtUnavailable && error.reason === 'permission denied') {
    return { reason: error.message, hint: 'become root with --become, or let the user into the group libvirt' }
  }
  return KNOWN.some((kind) => error instanceof kind) ? { reason: (error as Error).message } : undefined
}

const KNOWN = [LibvirtError, MalformedPacket, CommandTimeout, OutputTooLarge, DiagnosticError]

/** Does something to a VM; what libvirt or the host says against it becomes a FleetError that begins with `what`. */
export async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const said = error instanceof FleetError ? undefined : saidBy(error)
    if (!said) throw error
    const failure = error instanceof ConnectionError ? 'silent' : 'refused'
    const hint = said.hint === undefined ? {} : { hint: said.hint }
    throw new FleetError(failure, `${what}: ${said.reason}`, { ...hint, cause: error })
  }
}
