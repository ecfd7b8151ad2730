import { type Change, ModuleFailure } from '../../../core/module/types.ts'
import type { DomainArgs } from './args.ts'
import type { FoundDomain } from './probe.ts'

/** What has to be done for the domain to run, rest or be off. Raises ModuleFailure where nobody should touch it. */
export function powerChanges({ summary }: FoundDomain, args: DomainArgs): Change[] {
  const { state, reason } = summary
  const on = state === 'running' || state === 'blocked'
  const change = (after: string): Change[] => [{ path: 'state', before: state, after, effect: 'now' }]
  if (args.state === 'stopped') return state === 'shut off' || state === 'crashed' ? [] : change('shut off')
  if (args.state === 'paused') return state === 'paused' ? [] : change('paused')
  if (args.state !== 'running' || on) return []
  if (state === 'paused' && reason !== 'user' && reason !== 'unknown' && reason !== 'starting up')
    throw new ModuleFailure(`domain '${args.name}' is paused by '${reason}': to resume it would hide why`, {
      hint: reason === 'ioerror' ? 'its storage failed or is full: mend that, then virsh resume' : 'look at it first',
    })
  if (state === 'shutdown')
    throw new ModuleFailure(`domain '${args.name}' is shutting down`, { hint: 'run again when it is off' })
  return change('running')
}
