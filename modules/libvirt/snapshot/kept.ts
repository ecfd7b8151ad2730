import type { SnapshotKept } from '../../../core/libvirt/snapshot/kept.ts'
import { ModuleFailure } from '../../../core/module/types.ts'
import { saidBy } from '../daemon/failure.ts'
import type { SnapshotArgs } from './args.ts'

/** A snapshot that stays, or is not gone back to, as a failure of its task. */
export function keptFailure(a: SnapshotArgs, error: SnapshotKept): ModuleFailure {
  const { message, hint, refusal } = error
  const what = a.state === 'reverted' ? `revert '${a.domain}' to '${a.name}'` : `delete '${a.name}' of '${a.domain}'`
  return new ModuleFailure(`${what}: ${message}`, {
    ...(hint !== undefined && { hint }),
    ...(refusal && { result: saidBy(refusal) }),
    cause: refusal ?? error,
  })
}
