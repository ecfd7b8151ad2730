import { basename } from 'node:path'
import { ModuleFailure, type Reader } from '../../../../core/module/types.ts'
import { checksums, type Wanted } from '../../../files/content.ts'
import { contentOf } from '../../image/probe.ts'
import { HEADER_BYTES, readHeader } from '../../image/qcow2.ts'
import { formatByName, type SourceFormat, type VolumeArgs } from './args.ts'
import { refuseOtherFormat } from './source.ts'

/** A file of the controller that becomes a volume. */
export interface Upload {
  readonly content: Wanted
  readonly format: SourceFormat
  readonly sha256: string
  /** In bytes; undefined where only qemu-img can tell. */
  readonly virtualSize: bigint | undefined
}

/** Raises ModuleFailure for one that names other files: on the host, these would be the host's. */
export async function uploadOf(host: Reader, a: VolumeArgs, src: string): Promise<Upload> {
  const content = await contentOf(host, src)
  const format = a.from_format ?? formatByName(src)
  const name = basename(src)
  if (format === undefined) throw new ModuleFailure(`the format of ${name} is not known`, { hint: 'give from_format' })
  const head = await headOf(content)
  if (a.from_format === undefined) refuseOtherFormat(name, format, head)
  if (format === 'vmdk' && head.toString('latin1').startsWith('# Disk DescriptorFile'))
    throw new ModuleFailure(`${name} is a text about a VMDK, whose data is in other files`, {
      hint: 'give the file that ends in -flat.vmdk, which is raw',
    })
  if (format !== 'qcow2') {
    const size = Buffer.isBuffer(content) ? content.length : content.size
    return {
      content,
      format,
      sha256: checksums(content).sha256,
      virtualSize: format === 'raw' ? BigInt(size) : undefined,
    }
  }
  const header = readHeader(head)
  if (header.format !== 'qcow2') throw new ModuleFailure(`${name} is no qcow2 image`)
  const { refersTo, problem, virtualSize } = header
  if (refersTo !== undefined)
    throw new ModuleFailure(`${name} names ${refersTo}, which would be a file of the host`, {
      hint: 'qemu-img convert makes one that is whole, where the image can be trusted',
    })
  if (problem !== undefined) throw new ModuleFailure(`${name} cannot be used: ${problem}`)
  return { content, format, sha256: checksums(content).sha256, virtualSize }
}

async function headOf(content: Wanted): Promise<Buffer> {
  if (Buffer.isBuffer(content)) return content.subarray(0, HEADER_BYTES)
  const parts: Buffer[] = []
  for await (const part of content.read(0, Math.min(HEADER_BYTES, content.size))) parts.push(part)
  return Buffer.concat(parts)
}
