import { LibvirtError } from '../types.ts'

/*
 * virsh tells what went wrong in prose only. These are the texts (LC_ALL=C, libvirt 4 to 11) from which libvirt's
 * virErrorNumber can be told with certainty.
 */
const CODES: readonly (readonly [RegExp, number])[] = [
  [/failed to get domain '|Domain not found/, 42],
  [/failed to get network '|Network not found/, 43],
  [/failed to get pool '|Storage pool not found/, 49],
  [/failed to get vol '|Storage volume not found|no storage vol with matching/, 50],
  [/unsafe migration/i, 74],
  [/authentication unavailable/i, 80],
  [/authentication (?:failed|cancelled)/i, 45],
  [/Requested operation is not valid/, 55],
  [/unsupported configuration/, 67],
  [/XML document failed to validate|XML error|\(domain_definition\)|\(network_definition\)/, 27],
  [/already exists|is already defined/, 9],
  [/operation failed/i, 9],
  [/not supported by the connection driver/, 3],
  [/Timed out|timed out|cannot acquire state change lock/, 68],
  [/Operation not supported|invalid argument/, 8],
  [/Failed to connect socket|failed to connect to the hypervisor|Cannot recv data|cannot create socket/i, 38],
  [/internal error/, 1],
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

/** A LibvirtError from virsh's text. */
export function libvirtError(text: string): LibvirtError {
  return new LibvirtError(text, errorCode(text))
}
