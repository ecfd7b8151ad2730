import type { Position } from '../events/types.ts'
import { Template, type TemplatePart } from './values.ts'

/**
 * A text that the user wrote, in an INI inventory, on the command line or in YAML: a Template when it has template marks,
 * else itself. Never for what a host said.
 */
export function userText(text: string, at: Position, parts?: readonly TemplatePart[]): string | Template {
  return hasMarks(text) ? new Template(text, at, parts) : text
}

/** `{{`, `{%` or `{#` stands in it. */
export function hasMarks(text: string): boolean {
  return /\{[{%#]/.test(text)
}
