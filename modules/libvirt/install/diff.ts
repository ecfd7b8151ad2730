import { parseSize } from '../../../core/libvirt/xml/units.ts'
import { type Change, ModuleFailure } from '../../../core/module/types.ts'
import { undecided } from '../daemon/ask.ts'
import type { InstallArgs } from './args.ts'
import { diskOf, type InstallHost, type InstallState } from './probe.ts'

export function diffInstall(state: InstallState, a: InstallArgs): Change[] {
  if (parseSize(a.disk_size) === undefined)
    throw new ModuleFailure(`disk_size '${a.disk_size}' is not a size`, { hint: 'such as 20G' })
  if (state.answer.kind === 'silent') return undecided('state', state.answer)
  const host = state.answer.kind === 'answer' ? state.answer.value : undefined
  if (host?.domain) return host.stage === undefined ? [] : [goingOn(host, a)]
  if (host?.sameUuid)
    throw new ModuleFailure(`the UUID of '${a.name}' is that of '${host.sameUuid.name}'`, { hint: 'was it renamed?' })
  if (state.diskExists)
    throw new ModuleFailure(`${diskOf(a)} exists, and belongs to no machine that is being installed`, {
      hint: 'give another disk; an image that has a system on it needs no installer (libvirt_domain)',
    })
  if (state.missing.length > 0 && !state.check)
    throw new ModuleFailure(`the host has no ${state.missing.join(', ')}`, { hint: 'libvirt_image or copy brings it' })
  return [
    { path: 'state', before: 'absent', after: 'installed', effect: 'now', note: `from ${a.iso ?? a.tree ?? a.kernel}` },
  ]
}

const OFF = new Set(['shut off', 'crashed'])
/** Ends of an installer that did what it was to do: off, or off where it wanted to reboot. */
const ENDED = new Set(['shutdown'])

function goingOn({ domain, stage }: InstallHost, a: InstallArgs): Change {
  const change: Change = { path: 'installation', before: stage ?? '', after: 'finished', effect: 'now' }
  if (stage === 'prepared' || !OFF.has(domain!.state)) return change
  refuseUnfinished(domain!, a)
  return change
}

/** Whether the installer itself ended the machine; raises ModuleFailure where it did not, or nobody knows. */
export function refuseUnfinished({ state, reason }: { state: string; reason: string }, a: InstallArgs): void {
  if (a.assume_finished || (state === 'shut off' && ENDED.has(reason))) return
  throw new ModuleFailure(`the installation of '${a.name}' did not come to its end: it is ${state} (${reason})`, {
    hint: `look at its console; virsh start goes on with the installer, assume_finished: true takes it for installed, libvirt_domain with state: absent begins anew`,
  })
}
