import type { Json, JsonObject } from '../../events/json.ts'
import type { ControlVariables, Host, Reader } from '../../module/types.ts'
import type { Taint, Taints } from '../check/taints.ts'

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
  writer(shielded: boolean): Host
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
