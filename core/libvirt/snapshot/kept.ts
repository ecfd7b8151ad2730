import { LibvirtError } from '../errors.ts'

/**
 * Why a snapshot, or something of it, is still there, or was not gone back to, in words for the user. `refusal`: what libvirt said,
 * where it was that.
 */
export class SnapshotKept extends Error {
  readonly hint: string | undefined
  readonly refusal: LibvirtError | undefined
  constructor(message: string, options: { hint?: string; refusal?: LibvirtError } = {}) {
    super(message, options.refusal === undefined ? undefined : { cause: options.refusal })
    this.name = 'SnapshotKept'
    this.hint = options.hint
    this.refusal = options.refusal
  }
}

/** Because libvirt refused that. */
export function keptBy(refusal: LibvirtError, what: string, hint?: string): SnapshotKept {
  return new SnapshotKept(`${what}: ${refusal.message}`, { refusal, ...(hint !== undefined && { hint }) })
}

/** Does a step of it; what libvirt says against that begins with `what`. */
export async function step<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof LibvirtError) throw keptBy(error, what)
    throw error
  }
}
