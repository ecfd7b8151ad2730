/** What the first bytes of an image say. Only they are read: no tool that follows what is in it has seen the file yet. */
export interface ImageHeader {
  readonly format: 'qcow2' | 'raw'
  /** Virtual size in bytes; of a raw image that of the file, which its bytes do not tell. */
  readonly virtualSize: bigint | undefined
  /** It names another file: below it, or for its data. Whoever opens it opens that file of the host, too. */
  readonly refersTo: 'a backing file' | 'a data file' | undefined
  readonly problem: string | undefined
}

/** Bytes of the header that are looked at (QEMU's docs/interop/qcow2.rst). */
export const HEADER_BYTES = 104

const MAGIC = 0x514649fb
const DATA_FILE = 1n << 2n

/** Reads the header of a qcow2 image, version 2 or 3; anything else is raw. */
export function readHeader(bytes: Buffer): ImageHeader {
  const none = { virtualSize: undefined, refersTo: undefined, problem: undefined }
  if (bytes.length < 4 || bytes.readUInt32BE(0) !== MAGIC) return { ...none, format: 'raw' }
  const problem = (text: string): ImageHeader => ({ ...none, format: 'qcow2', problem: text })
  if (bytes.length < 72) return problem('its header is cut')
  const version = bytes.readUInt32BE(4)
  if (version !== 2 && version !== 3) return problem(`it is a qcow image of version ${version}`)
  if (version === 3 && bytes.length < HEADER_BYTES) return problem('its header is cut')
  const features = version === 3 ? bytes.readBigUInt64BE(72) : 0n
  const backing = bytes.readBigUInt64BE(8) !== 0n || bytes.readUInt32BE(16) !== 0
  return {
    format: 'qcow2',
    virtualSize: bytes.readBigUInt64BE(24),
    refersTo: backing ? 'a backing file' : (features & DATA_FILE) !== 0n ? 'a data file' : undefined,
    problem: undefined,
  }
}
