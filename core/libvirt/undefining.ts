import { LibvirtError } from './errors.ts'

const UNKNOWN_FLAG = /unsupported flags|doesn't support option/

/** Undefines a domain with these flags. libvirt before 8.9 knows none for the state of a TPM, which goes with the definition there. */
export async function undefining(
  flags: readonly string[],
  act: (flags: readonly string[]) => Promise<void>,
): Promise<void> {
  try {
    await act(flags)
  } catch (error) {
    const older = flags.filter((flag) => flag !== '--tpm')
    const refused = error instanceof LibvirtError && UNKNOWN_FLAG.test(error.message)
    if (!refused || older.length === flags.length) throw error
    await act(older)
  }
}
