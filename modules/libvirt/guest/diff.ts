import { type Change, ModuleFailure, UNKNOWN } from '../../../core/module/types.ts'
import { undecided } from '../daemon/ask.ts'
import type { GuestArgs } from './args.ts'
import { type GuestState, sha256 } from './probe.ts'
import { stampsOf } from './stamps.ts'

export function diffGuest(state: GuestState, a: GuestArgs): Change[] {
  const { answer, check } = state
  if (answer.kind === 'silent') return undecided('guest', answer)
  const found = answer.kind === 'answer' ? answer.value : undefined
  const unknown = (note: string): Change[] => [{ path: 'guest', after: UNKNOWN, effect: 'now', note }]
  if (!found) {
    if (check) return unknown(`there is no domain '${a.domain}' yet`)
    throw new ModuleFailure(`there is no domain '${a.domain}'`)
  }
  const what = a.domain ?? a.image
  if (found.refusal !== undefined)
    throw new ModuleFailure(`the disks of ${what} are not touched: ${found.refusal}`, {
      hint: 'shut it down; work inside a running guest is for its agent or SSH',
    })
  if (!state.tools) {
    if (check) return unknown('libguestfs is not on the host yet')
    throw new ModuleFailure('libguestfs is not on the host', { hint: 'install libguestfs-tools (guestfs-tools on EL)' })
  }
  if (found.disks.length === 0) throw new ModuleFailure(`${what} has no disk that is a file or a device`)
  return [...files(state, a), ...once(state, a)]
}

function files(state: GuestState, a: GuestArgs): Change[] {
  const changes: Change[] = []
  const change = (path: string, before: string | undefined, after: string | undefined): void => {
    if (before === after || after === undefined) return
    const old = before === undefined ? {} : { before: `sha256:${before}` }
    changes.push({ path, ...old, after: `sha256:${after}`, effect: 'now' })
  }
  for (const { dest } of a.copy_in) change(`in:${dest}`, state.inGuest.get(dest), sha256(state.contents.get(dest)!))
  for (const { src, dest } of a.copy_out) {
    const sum = state.inGuest.get(src)
    if (sum === undefined) throw new ModuleFailure(`the guest has no file ${src}`)
    change(`out:${dest}`, state.onHost.get(dest), sum)
  }
  return changes
}

function once(state: GuestState, a: GuestArgs): Change[] {
  const due = stampsOf(a).filter(({ name }) => a.force || !state.stamps.has(name))
  const effect = a.force ? 'action' : 'now'
  return due.map(({ what }): Change => ({ path: what, before: 'not done', after: 'done', effect }))
}
