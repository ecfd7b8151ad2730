import { Float } from './values.ts'

const YES = new Set(['yes', 'on', '1', 'true', 't', 'y'])
const NO = new Set(['no', 'off', '0', 'false', 'f', 'n'])

/** A value that says yes or no, by the words and numbers that Ansible takes for booleans; undefined: it says neither. */
export function yesOrNo(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (value instanceof Float) return yesOrNo(value.value)
  const isWord = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
  if (!isWord) return undefined
  const word = String(value).trim().toLowerCase()
  return YES.has(word) ? true : NO.has(word) ? false : undefined
}
