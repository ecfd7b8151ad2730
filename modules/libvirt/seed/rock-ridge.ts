import { RECORD_DATE } from './dates.ts'
import { both32 } from './fields.ts'

/*
 * Rock Ridge (IEEE P1282, RRIP 1.09) on SUSP (IEEE P1281): the POSIX names and modes that Linux shows. Each entry has a signature of
 * two letters, its length, a version of 1, and its data.
 */

function entry(signature: string, ...data: Buffer[]): Buffer {
  const body = Buffer.concat(data)
  return Buffer.concat([Buffer.from(signature, 'latin1'), Buffer.from([body.length + 4, 1]), body])
}

const FOLDER_MODE = 0o040555
const FILE_MODE = 0o100444
const byte = (...values: number[]): Buffer => Buffer.from(values)

/** Mode, links, user and group 0. */
const posix = (mode: number, links: number): Buffer => entry('PX', both32(mode), both32(links), both32(0), both32(0))

/** Times of the last change and of the last access. */
const times = (): Buffer => entry('TF', byte(0x0e), RECORD_DATE, RECORD_DATE, RECORD_DATE)

const EXTENSION = 'RRIP_1991A'

/** What stands behind the name in the root's own record: that the extension is in use, and which. */
export function ridgeOfRoot(): Buffer {
  const inUse = entry('SP', byte(0xbe, 0xef, 0))
  const which = entry('ER', byte(EXTENSION.length, 0, 0, 1), Buffer.from(EXTENSION, 'latin1'))
  return Buffer.concat([inUse, posix(FOLDER_MODE, 2), times(), which])
}

/** What stands behind the name in the record of the folder above. */
export const ridgeOfParent = (): Buffer => Buffer.concat([posix(FOLDER_MODE, 2), times()])

/** What stands behind a file's level 1 name: its own name, its mode. */
export function ridgeOfFile(name: string): Buffer {
  return Buffer.concat([posix(FILE_MODE, 1), times(), entry('NM', byte(0), Buffer.from(name, 'latin1'))])
}
