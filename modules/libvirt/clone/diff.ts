import { fleetUuid } from '../../../core/libvirt/identity/uuid.ts'
import { type Change, ModuleFailure, UNKNOWN } from '../../../core/module/types.ts'
import { undecided } from '../daemon/ask.ts'
import type { CloneArgs } from './args.ts'
import { planClone } from './plan.ts'
import type { CloneHost, CloneState } from './probe.ts'

export function diffClone({ answer, check }: CloneState, a: CloneArgs): Change[] {
  if (a.name === a.source) throw new ModuleFailure('a domain cannot be the clone of itself')
  if (answer.kind === 'silent') return undecided('state', answer)
  const host = answer.kind === 'answer' ? answer.value : undefined
  if (host?.named) return made(host, a)
  if (!host?.source) {
    if (check) return [{ path: 'state', after: UNKNOWN, effect: 'now', note: `there is no domain '${a.source}' yet` }]
    throw new ModuleFailure(`there is no domain '${a.source}' to clone`)
  }
  const { summary, definition } = host.source
  if (host.sameUuid)
    throw new ModuleFailure(`the UUID of '${a.name}' is that of '${host.sameUuid.name}'`, {
      hint: 'was the clone renamed?',
    })
  if (summary.state !== 'shut off')
    throw new ModuleFailure(
      `'${a.source}' is ${summary.state}: what is on its disks is not whole while it is not shut off`,
      {
        hint: 'libvirt_domain with state: stopped',
      },
    )
  if (summary.managedSave)
    throw new ModuleFailure(`'${a.source}' is saved, not shut off: its memory belongs to what is on its disks`, {
      hint: 'start it and shut it down, or discard the saved memory',
    })
  if (a.reset && !host.sysprep)
    throw new ModuleFailure('virt-sysprep, which takes the identity out of a guest, is not on the host', {
      hint: 'install libguestfs-tools (guestfs-tools on EL)',
    })
  const { copies } = planClone(a, definition, host.others)
  const live = host.others.find(
    ({ running, model }) =>
      running && model.name !== a.source && model.disks.some((disk) => copies.some((one) => one.from === disk.source)),
  )
  if (live) throw new ModuleFailure(`'${live.model.name}' runs, and has a disk of '${a.source}'`)
  const images = copies.map((one) => `${one.what}: ${one.to}`).join(', ') || 'no images'
  return [
    {
      path: 'state',
      before: 'absent',
      after: 'present',
      effect: 'now',
      note: `${a.type} clone of '${a.source}' (${images})`,
    },
  ]
}

/** A domain of that name is the clone, or another machine. */
function made(host: CloneHost, a: CloneArgs): Change[] {
  if (host.named?.uuid === fleetUuid(a.fleet, 'domain', a.name)) return []
  throw new ModuleFailure(`there is another domain '${a.name}', which no task with fleet '${a.fleet}' has made`, {
    hint: 'give the clone another name',
  })
}
