import type { Json, JsonObject } from '../../events/json.ts'
import type { ControlVariables, Host, Reader } from '../../module/types.ts'
import type { Taint, Taints } from '../check/taints.ts'

/** A write was handed to the host's shell: in the order of its commands or by another way, and when it is answered. */
export type OnWrite = (ordered: boolean, answered: Promise<unknown>) => void

/** One turn of a module on one host. */
export interface Call {
  readonly host: string
  readonly task: string
  readonly instance: string
  /** Validated. */
  readonly args: Json
  readonly check: boolean
  readonly diff: boolean
  /** Reads only; cut at the first interrupt. */
  reader(): Reader
  /** Writes; cut at the first interrupt unless it is shielded. */
  writer(shielded: boolean, onWrite?: OnWrite): Host
  /** Probes of the tasks behind this one may leave now. */
  ahead(): void
  /** The same, behind a write of this task that was just handed to the host: where what they see can still hold. */
  behindWrites(): void
  /** The module did nothing but wait for what others do. */
  waited(): void
  readonly variables: ControlVariables
  /** Says that work which must not be cut begins. */
  shield(): void
  /** Only in a check run. */
  readonly taints: Taints | undefined
  taint(parts: Pick<Taint, 'local' | 'reach' | 'subjects'>): void
  /** The task says that it changes nothing: `changed_when: false`. */
  readonly harmless: boolean
}

export type { JsonObject }
