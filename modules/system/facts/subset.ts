import type { ShellText } from '../../../core/connection/quote.ts'
import type { JsonObject } from '../../../core/events/json.ts'

/** Facts that are read together: one script, one parser. Names are Ansible's without the prefix `ansible_`. */
export interface FactSubset {
  readonly script: ShellText
  parse(output: string): JsonObject
}

/** `key=value` lines, the first of a key counts. */
export function keyValues(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf('=')
    if (at > 0 && !found.has(line.slice(0, at))) found.set(line.slice(0, at), line.slice(at + 1))
  }
  return found
}

/** Parts of an output that begin with a line `@@name`. */
export function sections(text: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const part of text.split(/^@@/m).slice(1)) {
    const end = part.indexOf('\n')
    found.set(part.slice(0, end), part.slice(end + 1))
  }
  return found
}
