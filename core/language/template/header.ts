import { DiagnosticError, errorAt } from '../diagnostic.ts'
import type { FoundTemplate } from './folders.ts'

const header = /^#jinja2:(.*)(?:\n|$)/

/** A template file with Ansible's options: newlines behind blocks are dropped, unless a `#jinja2:` line says otherwise. */
export function fileOptions(text: string, file: string): FoundTemplate {
  const source = text.replaceAll(/\r\n?/g, '\n')
  const found = header.exec(source)
  const options = { trimBlocks: true, lstripBlocks: false }
  const at = { file, line: 1, column: 1 }
  if (!found) return { origin: { source, at }, options }
  for (const pair of found[1]!.split(',')) {
    const [key, value] = pair.split(':').map((part) => part.trim())
    const isOn = /^(true|yes|on|1)$/i.test(value ?? '')
    if (key === 'trim_blocks') options.trimBlocks = isOn
    else if (key === 'lstrip_blocks') options.lstripBlocks = isOn
    else if (key) {
      const hint = 'trim_blocks and lstrip_blocks can be set here'
      throw new DiagnosticError([
        errorAt('template-header', `the option '${key}' of #jinja2: is not supported`, at, hint),
      ])
    }
  }
  return { origin: { source: source.slice(found[0].length), at: { ...at, line: 2 } }, options }
}
