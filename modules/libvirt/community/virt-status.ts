import type { DomainState } from '../../../core/libvirt/types.ts'

/** A domain's state in Ansible's words. */
export function statusOf(state: DomainState): 'running' | 'paused' | 'shutdown' | 'crashed' {
  if (state === 'shut off' || state === 'shutdown') return 'shutdown'
  if (state === 'crashed') return 'crashed'
  return state === 'paused' || state === 'pmsuspended' ? 'paused' : 'running'
}
