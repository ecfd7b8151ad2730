import type { DomainJob } from '../../api/states.ts'
import { PARAMETER, type Parameter } from '../protocol/objects.ts'

/** A typed parameter as virsh writes it. */
export function parameterText({ value: { type, value } }: Parameter): string {
  if (type === PARAMETER.boolean) return value ? 'yes' : 'no'
  if (type === PARAMETER.double) return Number(value).toFixed(6)
  return String(value)
}

/** virDomainJobType. */
const JOB_TYPES = ['none', 'bounded', 'unbounded', 'completed', 'failed', 'cancelled'] as const

/** A job from libvirt's statistics of it. */
export function jobOf(type: number, parameters: readonly Parameter[]): DomainJob {
  const numbers = new Map(parameters.map((p) => [p.field, Number(p.value.value)]))
  return {
    type: JOB_TYPES[type] ?? 'none',
    elapsedMs: numbers.get('time_elapsed'),
    total: numbers.get('data_total'),
    processed: numbers.get('data_processed'),
    remaining: numbers.get('data_remaining'),
  }
}
