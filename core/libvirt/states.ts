import type { DomainState } from './types.ts'

/*
 * virDomainState and the reasons of each state, as numbers in `domstats --state --raw`; libvirt-domain.h.
 */
const STATES: readonly DomainState[] = [
  'no state',
  'running',
  'blocked',
  'paused',
  'shutdown',
  'shut off',
  'crashed',
  'pmsuspended',
]

const REASONS: Partial<Record<DomainState, readonly string[]>> = {
  running: [
    'unknown',
    'booted',
    'migrated',
    'restored',
    'from snapshot',
    'unpaused',
    'migration canceled',
    'save canceled',
    'event wakeup',
    'crashed',
    'post-copy',
    'post-copy failed',
  ],
  paused: [
    'unknown',
    'user',
    'migrating',
    'saving',
    'dumping',
    'ioerror',
    'watchdog',
    'from snapshot',
    'shutting down',
    'creating snapshot',
    'crashed',
    'starting up',
    'post-copy',
    'post-copy failed',
    'api error',
  ],
  shutdown: ['unknown', 'user'],
  'shut off': ['unknown', 'shutdown', 'destroyed', 'crashed', 'migrated', 'saved', 'failed', 'from snapshot', 'daemon'],
  crashed: ['unknown', 'panicked'],
}

/** Name of a state and of its reason, the words `virsh domstate --reason` uses. */
export function stateOf(state: number, reason: number): { state: DomainState; reason: string } {
  const name = STATES[state] ?? 'no state'
  return { state: name, reason: REASONS[name]?.[reason] ?? 'unknown' }
}
