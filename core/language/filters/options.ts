import { asIndex, str, truth } from '../python/index.ts'
import type { Value } from '../values.ts'

/** An optional argument, by its default; None counts as given only where it is asked for as a Value. */
export function flag(value: Value | undefined, otherwise: boolean): boolean {
  return value === undefined ? otherwise : truth(value)
}

export function count(value: Value | undefined, otherwise: number): number {
  return value === undefined ? otherwise : asIndex(value)
}

export function text(value: Value | undefined, otherwise: string): string {
  return value === undefined || value === null ? otherwise : str(value)
}
