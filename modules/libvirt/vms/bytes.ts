import { parseSize } from '../../../core/libvirt/xml/units.ts'
import { ModuleFailure } from '../../../core/module/types.ts'

/** A size argument in bytes. Raises ModuleFailure. */
export function bytes(argument: string, text: string, least = 1n): bigint {
  const size = parseSize(text)
  if (size === undefined || size < least)
    throw new ModuleFailure(`${argument} '${text}' is not a size`, { hint: 'such as 2GiB' })
  return size
}
