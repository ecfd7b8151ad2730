import { readFile } from 'node:fs/promises'
import { parseDocument, type VaultAccess } from '../inventory/index.ts'
import { DiagnosticError, toVariables, type Variables } from '../language/index.ts'
import { CliError, EXIT } from './exit.ts'

/**
 * Variables of -e, in order, the later ones win: `@file` (YAML or JSON), text that begins with `{` or `[`, else
 * `key=value` words as a shell splits them; those values are text.
 */
export async function extraVariables(given: readonly string[], access: VaultAccess): Promise<Variables> {
  const all: Variables = new Map()
  for (const one of given) for (const [name, value] of await read(one, access)) all.set(name, value)
  return all
}

async function read(text: string, access: VaultAccess): Promise<Variables> {
  if (text.startsWith('@')) {
    const file = text.slice(1)
    const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new CliError(`cannot read extra variables from ${file}: ${error.code}`, { exitCode: EXIT.error })
    })
    return document(content, file, access)
  }
  const trimmed = text.trim()
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return document(trimmed, '--extra-vars', access)
  const { splitWords } = await import('../../modules/commands/words.ts')
  const variables: Variables = new Map()
  for (const word of splitWords(trimmed)) {
    const at = word.indexOf('=')
    if (at <= 0)
      throw new CliError(`'${word}' in --extra-vars is not key=value`, {
        hint: "use -e 'key=value', -e '{\"key\": …}' or -e @file",
      })
    variables.set(word.slice(0, at), word.slice(at + 1))
  }
  return variables
}

async function document(text: string, file: string, access: VaultAccess): Promise<Variables> {
  const { root, diagnostics, values } = await parseDocument(text, file, access)
  const errors = diagnostics.filter((one) => one.severity === 'error')
  if (errors.length > 0) throw new DiagnosticError(errors)
  return root ? toVariables(root, values) : new Map()
}
