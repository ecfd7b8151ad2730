import type { Step } from '../../playbook/types.ts'
import type { Batch } from '../batch.ts'
import type { Frame } from '../frame.ts'
import type { HostRecord } from '../host-record.ts'

/** Takes hosts through steps; given to those steps that have steps of their own. */
export type Walk = (batch: Batch, steps: readonly Step[], hosts: readonly HostRecord[], frame: Frame) => Promise<void>
