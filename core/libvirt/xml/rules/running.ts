import { child } from '../element.ts'
import type { RunningRule } from './types.ts'

const running = (name: string, at: readonly string[], same: RunningRule['same']): RunningRule => ({
  kind: 'running',
  name,
  at,
  same,
})

const MIB = 1024
const rounded = (kib: string): number => Math.ceil(Number(kib) / MIB)

/** What libvirt fills in, or resolves, when a guest starts: it is no difference. */
export const runnings: readonly RunningRule[] = [
  running(
    'expanded CPU',
    ['cpu@mode'],
    ({ before, after }) => before === 'custom' && (after === 'host-model' || after === 'maximum'),
  ),
  running('checked CPU', ['cpu@check'], ({ before }) => before === 'full'),
  running('resolved CPU model', ['cpu/model@fallback'], ({ before }) => before === 'forbid'),
  running('optional CPU feature', ['cpu/feature@policy'], ({ after }) => after === 'optional'),
  running(
    'optional CPU feature that is not there',
    ['cpu/feature'],
    ({ declared }) => declared.attributes.policy === 'optional',
  ),
  running(
    'port chosen at start',
    ['graphics@port', 'graphics@tlsPort', 'graphics@websocket'],
    ({ after }) => after === '-1',
  ),
  running(
    'memory in whole MiB',
    ['memory', 'currentMemory', 'maxMemory'],
    ({ before, after }) => before !== undefined && rounded(before) === rounded(after),
  ),
  // Where the guest's balloon is; setting it is a change of its own.
  running('balloon', ['currentMemory'], ({ before }) => before !== undefined),
  running(
    'firmware that was chosen',
    ['os@firmware', 'os/firmware'],
    ({ actual, parent }) => child(actual ?? parent, 'loader') !== undefined,
  ),
  running(
    'driver of an empty drive',
    ['disk/driver@type'],
    ({ before, parent }) => before === undefined && child(parent, 'source') === undefined,
  ),
  running('medium that may be missing', ['disk/source'], ({ declared }) =>
    ['optional', 'requisite'].includes(declared.attributes.startupPolicy ?? ''),
  ),
]
