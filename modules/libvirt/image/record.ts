import { createHash } from 'node:crypto'
import { stampScript } from '../../../core/connection/files/known-digests.ts'
import { type ShellText, sh } from '../../../core/connection/quote.ts'
import type { ImageDigest } from './digest.ts'

/*
 * What is known of an image without reading gigabytes again: one small file on the host for each, with the stamp (inode, size,
 * times) that the image had when it was verified, and its checksum. An image with another stamp is read anew.
 */
const FOLDER = '/var/lib/virtfleet/images'

/** Where the record of that path is. */
export const recordPath = (path: string): string =>
  `${FOLDER}/${createHash('sha256').update(path).digest('hex').slice(0, 32)}`

/** Writes the record of `$p`, whole or not at all. */
export const writeRecord = (path: string, digest: ImageDigest): ShellText => {
  const file = recordPath(path)
  return sh`mkdir -p ${FOLDER} && s=$(${stampScript(sh`${path}`)}) && printf '%s %s\n%s\n' "$s" ${`${digest.algorithm}:${digest.hex}`} ${path} >${`${file}.tmp`} && mv -f -- ${`${file}.tmp`} ${file}`
}
