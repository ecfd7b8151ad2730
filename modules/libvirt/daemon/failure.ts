import type { JsonObject } from '../../../core/events/json.ts'
import { LibvirtError } from '../../../core/libvirt/types.ts'
import { ModuleFailure } from '../../../core/module/types.ts'

/** Runs a change; libvirt's refusal becomes the task's failure, with what was tried. */
export async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof LibvirtError) throw refused(what, error)
    throw error
  }
}

/** The failure for libvirt's refusal. */
export function refused(what: string, error: LibvirtError, hint?: string): ModuleFailure {
  return new ModuleFailure(`${what}: ${error.message}`, {
    ...(hint !== undefined && { hint }),
    result: saidBy(error),
    cause: error,
  })
}

/** What a failed task tells of libvirt's refusal. */
export const saidBy = (error: LibvirtError): JsonObject => ({
  libvirt_error: error.message,
  ...(error.code === undefined ? {} : { libvirt_code: error.code }),
})
