import { Float } from '../values.ts'

/** An int as Python writes it: `0x1f`, `1_000`; exact, however long. */
export function intOf(text: string): number | bigint {
  const value = BigInt(text.replaceAll('_', ''))
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** A float as Python writes it: `1e3`, `2.0`. */
export function floatOf(text: string): number | Float {
  const value = Number(text.replaceAll('_', ''))
  return Number.isInteger(value) || !Number.isFinite(value) ? new Float(value) : value
}
