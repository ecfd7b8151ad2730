import { splitWords as split } from '../../core/connection/words.ts'
import { ModuleFailure } from '../../core/module/types.ts'

/** The words of a command line as Ansible's `command` reads its free form; ModuleFailure for one that does not end. */
export function splitWords(text: string): string[] {
  try {
    return split(text)
  } catch (error) {
    if (error instanceof RangeError) throw new ModuleFailure(error.message, { cause: error })
    throw error
  }
}
