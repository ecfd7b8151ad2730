import type { ImageUsers } from '../../../core/libvirt/images/users.ts'
import { type Change, ModuleFailure } from '../../../core/module/types.ts'
import { diffAttributes } from '../../files/attributes.ts'
import type { ImageArgs } from './args.ts'
import type { ImageState } from './probe.ts'
import type { ImageHeader } from './qcow2.ts'

export function diffImage(state: ImageState, a: ImageArgs): Change[] {
  const { found, users, wanted } = state
  if (found && found.entry.kind !== 'file')
    throw new ModuleFailure(`${a.path} is a ${found.entry.kind}, not a file`, { hint: 'name the file itself' })
  if (a.state !== 'present') return found ? removal(users, a) : []
  if (!wanted) return []
  const after = `${wanted.algorithm}:${wanted.hex}`
  if (!found) return [{ path: 'content', after, effect: 'now' }]
  if (found.digest === wanted.hex) {
    refuseReferences(found.header, a)
    return diffAttributes(found.entry, a)
  }
  const why = whoNeeds(users)
  if (why !== undefined)
    throw new ModuleFailure(`${a.path} has another content, and is not replaced: ${why}`, {
      hint: 'give the new image a path of its own; what is on top of the old one would be damaged',
    })
  const before = found.digest === undefined ? 'unknown' : `${wanted.algorithm}:${found.digest}`
  return [{ path: 'content', before, after, effect: 'now' }]
}

function removal(users: ImageUsers | undefined, a: ImageArgs): Change[] {
  const why = whoNeeds(users)
  if (why === undefined) return [{ path: 'state', before: 'present', after: 'absent', effect: 'now' }]
  if (a.state === 'unused') return []
  throw new ModuleFailure(`${a.path} is not removed: ${why}`, {
    hint: 'state: unused leaves an image that is needed, and says so',
  })
}

/** Why an image stays; undefined where nobody needs it. What could not be looked into may need it. */
export function whoNeeds(users: ImageUsers | undefined): string | undefined {
  if (!users) return 'who needs it is not known'
  const parts = [
    users.domains.length > 0 && `it is a disk of ${some(users.domains)}`,
    users.overlays.length > 0 && `it is the base of ${some(users.overlays)}`,
    users.unknown.length > 0 && `qemu-img cannot tell what ${some(users.unknown)} is on top of`,
    users.closed.length > 0 && `${some(users.closed)} cannot be looked into (look as root: become)`,
  ].filter((part) => part !== false)
  return parts.length === 0 ? undefined : parts.join('; ')
}

const some = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`

/** Refuses an image that would make the host open another file for whoever has it as a disk, and one of another format. */
export function refuseReferences(header: ImageHeader, a: ImageArgs): void {
  if (header.refersTo !== undefined)
    throw new ModuleFailure(`the image of ${a.path} names ${header.refersTo}, which is a file of the host`, {
      hint: 'an image that is whole names no other; qemu-img convert makes one, where the image can be trusted',
    })
  if (header.problem !== undefined) throw new ModuleFailure(`the image of ${a.path} cannot be used: ${header.problem}`)
  if (a.format !== undefined && a.format !== header.format)
    throw new ModuleFailure(`the image of ${a.path} is ${header.format}, not ${a.format}`)
}
