import { type ShellText, sh } from '../../../core/connection/quote.ts'

/*
 * What a clone that is being made will have on the host: written before the first file, gone when the domain is defined. Files that
 * stand here are of an attempt that was cut, and are ours to replace; any other file is not.
 */
const FOLDER = '/var/lib/virtfleet/clones'

export const claimFile = (uuid: string): string => `${FOLDER}/${uuid}`

/** Writes the claim, whole or not at all. */
export const claim = (uuid: string, files: readonly string[]): ShellText =>
  sh`mkdir -p ${FOLDER} && printf '%s\n' ${files} >${`${claimFile(uuid)}.tmp`} && mv -f -- ${`${claimFile(uuid)}.tmp`} ${claimFile(uuid)}`
