import { WORKING } from '../lease/script.ts'
import { PRINT } from './prelude/marks.ts'

/**
 * For the head of a script of its own that must not be cut, or that goes on by itself on the host: as long as its shell lives, the next run waits.
 * It keeps descriptor 8, which nothing may have that is left running behind it.
 */
export const SHIELDED = `${PRINT}\n${WORKING}`
