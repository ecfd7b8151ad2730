import { readFile } from 'node:fs/promises'
import type { Position } from '../events/types.ts'
import {
  type Diagnostic,
  DiagnosticError,
  errorAt,
  parseYaml,
  type ToValueOptions,
  toVariables,
  type Value,
  type Variables,
  type YamlNode,
} from '../language/index.ts'
import { isVaultText, VaultError } from '../secrets/index.ts'
import type { VaultAccess } from './types.ts'

/** A YAML file as read; encrypted as a whole or in single values. */
export interface Document {
  readonly root: YamlNode | undefined
  readonly diagnostics: readonly Diagnostic[]
  /** How its nodes become values: opens `!vault`, and tells the redactor what was secret. */
  readonly values: ToValueOptions
}

/** Reads and parses a YAML or JSON file. A missing file, a wrong password, bad syntax are diagnostics. */
export async function readDocument(file: string, access: VaultAccess): Promise<Document> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    return { root: undefined, diagnostics: [unreadable(file, error)], values: {} }
  }
  return parseDocument(text, file, access)
}

/** The same for a text that was read. */
export async function parseDocument(text: string, file: string, access: VaultAccess): Promise<Document> {
  const values = valueOptions(access)
  const encrypted = isVaultText(text)
  let plain = text
  if (encrypted) {
    await access.unlock?.([text])
    try {
      plain = decryptAt(text, { file, line: 1, column: 1 }, access)
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      return { root: undefined, diagnostics: error.diagnostics, values }
    }
  }
  const { root, diagnostics } = parseYaml(plain, file)
  if (root) {
    const vaults: string[] = []
    visitScalars(root, (source, tag) => {
      if (tag === 'vault') vaults.push(source)
      else if (encrypted) access.secret?.(source)
    })
    if (vaults.length > 0) await access.unlock?.(vaults)
  }
  return { root, diagnostics: encrypted ? diagnostics.map(withoutText) : diagnostics, values }
}

/** A document that holds variables. Not a mapping: a diagnostic, and no variables. */
export async function readVariables(
  file: string,
  access: VaultAccess,
): Promise<{ variables: Variables; diagnostics: Diagnostic[] }> {
  const document = await readDocument(file, access)
  const diagnostics = [...document.diagnostics]
  const variables = collect(diagnostics, () => toVariables(document.root, document.values)) ?? new Map<string, Value>()
  return { variables, diagnostics }
}

/** Runs what may raise DiagnosticError, and keeps its diagnostics. */
export function collect<T>(diagnostics: Diagnostic[], make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    diagnostics.push(...error.diagnostics)
    return undefined
  }
}

/** The text of a vault in an encrypted file must not be quoted in a message. */
function withoutText(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, message: `${diagnostic.code} in the encrypted file` }
}

/** Options for toValue: opens `!vault` values; a vault that cannot be opened is a DiagnosticError at its place. */
export function valueOptions(access: VaultAccess): ToValueOptions {
  return {
    decrypt: (vaultText, at) => {
      const plain = decryptAt(vaultText, at, access)
      access.secret?.(plain)
      return plain
    },
  }
}

function decryptAt(vaultText: string, at: Position, access: VaultAccess): string {
  if (!access.decrypt) {
    const hint = 'use --ask-vault-pass or --vault-password-file'
    throw new DiagnosticError([
      errorAt('vault-no-password', 'encrypted with Ansible Vault, and no vault password was given', at, hint),
    ])
  }
  try {
    return access.decrypt(vaultText)
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    throw new DiagnosticError([errorAt(error.code, error.message, at, error.hint)])
  }
}

function visitScalars(node: YamlNode, visit: (source: string, tag: string | undefined) => void): void {
  if (node.kind === 'scalar') visit(typeof node.value === 'string' ? node.value : node.source, node.tag)
  else if (node.kind === 'sequence') for (const item of node.items) visitScalars(item, visit)
  else for (const { value } of node.entries) visitScalars(value, visit)
}

/** Why a file cannot be read. */
export function unreadable(file: string, error: unknown): Diagnostic {
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined) throw error
  const reasons: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is not a folder',
  }
  return errorAt('unreadable-file', `cannot read ${file}: ${reasons[code] ?? code}`, { file, line: 1, column: 1 })
}
