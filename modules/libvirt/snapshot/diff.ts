import { type Change, ModuleFailure, UNKNOWN } from '../../../core/module/types.ts'
import { undecided } from '../daemon/ask.ts'
import type { SnapshotArgs } from './args.ts'
import { keptFailure } from './kept.ts'
import type { FoundDomain, SnapshotState } from './probe.ts'

export function diffSnapshot({ answer, check }: SnapshotState, a: SnapshotArgs): Change[] {
  if (answer.kind === 'silent') return undecided('state', answer)
  const found = answer.kind === 'answer' ? answer.value : undefined
  if (!found) {
    if (a.state === 'absent') return []
    // An earlier task of a check run may be the one that makes it.
    if (check) return [{ path: 'state', after: UNKNOWN, effect: 'now', note: `there is no domain '${a.domain}' yet` }]
    throw new ModuleFailure(`there is no domain '${a.domain}'`)
  }
  if (a.state === 'absent') return removal(found, a)
  if (a.state === 'reverted') return [revert(found, a)]
  if (found.snapshot) {
    if (found.snapshot.type === a.type) return []
    throw new ModuleFailure(`snapshot '${a.name}' of '${a.domain}' is ${found.snapshot.type}, not ${a.type}`, {
      hint: 'give the new one another name',
    })
  }
  refuseCreation(found, a)
  return [{ path: 'state', before: 'absent', after: 'present', effect: 'now', note: whatIsSaved(found, a) }]
}

const isOff = ({ summary }: FoundDomain): boolean => summary.state === 'shut off' || summary.state === 'crashed'

/** Writable disks that have something in them. */
export const writableDisks = ({ model }: FoundDomain) =>
  model.disks.filter((d) => (d.device === 'disk' || d.device === 'lun') && !d.readonly && d.source !== undefined)

function refuseCreation(found: FoundDomain, a: SnapshotArgs): void {
  const disks = writableDisks(found)
  if (a.type === 'internal') {
    const others = disks.filter((d) => d.format !== 'qcow2').map((d) => `${d.target} (${d.format ?? 'unknown format'})`)
    if (others.length > 0)
      throw new ModuleFailure(`an internal snapshot needs qcow2 images; '${a.domain}' has ${others.join(', ')}`, {
        hint: 'type: external works with any format',
      })
    if (disks.length === 0) throw new ModuleFailure(`'${a.domain}' has no disk that a snapshot could be kept in`)
    return
  }
  if (a.memory && isOff(found)) throw new ModuleFailure(`'${a.domain}' does not run: there is no memory to save`)
  if (a.quiesce && found.summary.state !== 'running')
    throw new ModuleFailure(`'${a.domain}' does not run: no agent can freeze its file systems`)
  const unknown = a.disks?.filter((target) => !disks.some((d) => d.target === target)) ?? []
  if (unknown.length > 0)
    throw new ModuleFailure(`'${a.domain}' has no writable disk ${unknown.join(', ')}`, {
      hint: `it has ${disks.map((d) => d.target).join(', ') || 'none'}`,
    })
}

function whatIsSaved(found: FoundDomain, a: SnapshotArgs): string {
  if (a.type === 'internal') return isOff(found) ? 'disks' : 'disks and memory; the guest stands still meanwhile'
  return a.memory ? 'disks and memory' : 'disks'
}

function removal({ snapshot, children, kept }: FoundDomain, a: SnapshotArgs): Change[] {
  if (!snapshot) return []
  if (snapshot.type === 'external' && a.children && children.length > 0)
    throw new ModuleFailure(`'${a.name}' is external, and ${children.join(', ')} is on top of it`, {
      hint: 'remove external ones one by one, the latest first',
    })
  if (kept) throw keptFailure(a, kept)
  const note = snapshot.type === 'external' ? 'what was written since is merged into the base' : undefined
  return [{ path: 'state', before: 'present', after: 'absent', effect: 'now', ...(note !== undefined && { note }) }]
}

function revert(found: FoundDomain, a: SnapshotArgs): Change {
  if (!found.snapshot) throw new ModuleFailure(`'${a.domain}' has no snapshot '${a.name}'`, { hint: namesOf(found) })
  if (found.snapshot.type === 'external' && !found.external)
    throw new ModuleFailure(`libvirt ${found.version} cannot go back to an external snapshot; 9.9.0 and later can`, {
      hint: `the images as they were then: ${found.snapshot.disks.map((d) => d.base?.source ?? d.target).join(', ')}`,
    })
  if (found.kept) throw keptFailure(a, found.kept)
  const note = isOff(found) ? 'what is on the disks now is lost' : 'the guest as it is now is lost'
  return { path: 'reverted', after: a.name, effect: 'action', note }
}

const namesOf = ({ names }: FoundDomain): string => (names.length > 0 ? `it has ${names.join(', ')}` : 'it has none')
