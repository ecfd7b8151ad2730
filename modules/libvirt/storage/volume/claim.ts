import { createHash } from 'node:crypto'
import { type ShellText, sh } from '../../../../core/connection/quote.ts'

/*
 * A volume that is a block device has its name before it has its content: what is being filled stands here meanwhile. A volume whose claim
 * is still there is of an attempt that was cut, and is ours to replace.
 */
const FOLDER = '/var/lib/virtfleet/volumes'

export const claimOf = (pool: string, name: string): string =>
  `${FOLDER}/${createHash('sha256').update(`${pool}/${name}`).digest('hex').slice(0, 32)}`

/** Writes the claim. */
export const claim = (file: string, pool: string, name: string): ShellText =>
  sh`umask 077; mkdir -p ${FOLDER} && printf '%s\n' ${`${pool}/${name}`} >${file}`
