import { methodTable } from './table.ts'

function magnitude(v: bigint): string {
  return v === 0n ? '' : v.toString(2).replace('-', '')
}

export const intMethods = methodTable<bigint>({
  bit_length: (v) => magnitude(v).length,
  bit_count: (v) => magnitude(v).replaceAll('0', '').length,
})

export const floatMethods = methodTable<number>({
  is_integer: (v) => Number.isInteger(v),
})
