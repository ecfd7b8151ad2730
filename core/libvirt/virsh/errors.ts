import { CODE, LibvirtError, LibvirtLost } from '../errors.ts'

/*
 * virsh tells what went wrong in prose only. These are the texts (LC_ALL=C, libvirt 4 to 11) from which libvirt's
 * virErrorNumber can be told with certainty.
 */
const CODES: readonly (readonly [RegExp, number])[] = [
  [/failed to get domain '|Domain not found/, CODE.noDomain],
  [/failed to get network '|Network not found/, CODE.noNetwork],
  [/failed to get pool '|Storage pool not found/, CODE.noPool],
  [/failed to get vol '|Storage volume not found|no storage vol with matching/, CODE.noVolume],
  [/Domain snapshot not found|no domain snapshot with matching|has no current snapshot/, CODE.noSnapshot],
  [/metadata not found/, CODE.noMetadata],
  [/unsafe migration/i, 81],
  [/authentication unavailable/i, CODE.authUnavailable],
  [/authentication cancelled/i, CODE.authCancelled],
  [/authentication failed/i, CODE.authFailed],
  [/Requested operation is not valid/, CODE.operationInvalid],
  [/unsupported configuration/, 67],
  [/XML document failed to validate/, 92],
  [/missing name information/, 21],
  [/XML error|\(domain_definition\)|\(network_definition\)/, 27],
  [/storage volume name '.*' already in use|storage volume '.*' exists already/, 90],
  [/already exists|is already defined/, CODE.operationFailed],
  [/operation failed/i, CODE.operationFailed],
  [/not supported by the connection driver/, CODE.noSupport],
  [/device not found/, 99],
  [/Guest agent is not responding/, 86],
  [/the CPU is incompatible with host CPU|Unknown CPU (?:feature|model)/i, CODE.cpuIncompatible],
  [/Timed out|timed out|cannot acquire state change lock/, 68],
  [/Operation not supported/, CODE.unsupported],
  [/invalid argument/, CODE.invalidArgument],
  [/Failed to connect socket|failed to connect to the hypervisor|Cannot recv data|cannot create socket/i, CODE.system],
  [/internal error/, CODE.internal],
]

/** The virErrorNumber behind an error text, if it can be told. */
export function errorCode(text: string): number | undefined {
  return CODES.find(([pattern]) => pattern.test(text))?.[1]
}

/**
 * The `error:` lines at the end of what a command printed, without the prefix; undefined if there are none. XML that a
 * command printed whole is never an error, whatever its texts say.
 */
export function errorText(output: string): string | undefined {
  const trimmed = output.trim()
  if (trimmed.startsWith('<') && trimmed.endsWith('>')) return undefined
  const start = trimmed.search(/^error: /m)
  if (start < 0) return undefined
  return trimmed
    .slice(start)
    .split('\n')
    .map((line) => line.replace(/^error: /, ''))
    .filter((line) => line.trim() !== '')
    .join('\n')
}

/** A daemon that went away in the middle of a call (virnetsocket.c, virnetclient.c, virsh.c); at the opening nothing was asked yet. */
const LOST =
  /Disconnected from .* due to|End of file while (?:reading|writing) data|Cannot (?:recv|read|write) data|client socket is closed/
const NOT_OPENED = /failed to connect to the hypervisor/i

/** A LibvirtError from virsh's text; LibvirtLost, whatever else it says then, where the daemon went away before it answered. */
export function libvirtError(text: string): LibvirtError {
  return LOST.test(text) && !NOT_OPENED.test(text) ? new LibvirtLost(text) : new LibvirtError(text, errorCode(text))
}

/** What a command printed once virsh had found a daemon that had gone away anew: all before is of the time between two commands. */
export function sinceReconnected(output: string): string {
  return output.replace(/^(?:\s*error: [^\n]*\n)*?\s*error: Reconnected to the hypervisor\n?/, '')
}
