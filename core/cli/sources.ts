import { readFile } from 'node:fs/promises'
import type { VaultAccess } from '../inventory/index.ts'
import type { Redactor, Vault, VaultPassword } from '../secrets/index.ts'
import { CliError, EXIT } from './exit.ts'
import { ask } from './prompt.ts'
import type { Streams } from './streams.ts'

/** Options that name secrets; the secrets themselves are never options. */
export interface VaultFlags {
  vaultPasswordFile?: string[]
  vaultId?: string[]
  askVaultPass?: boolean
}

/** A secret in a file: its first line. An executable file is not run here; say so instead of taking its text for a password. */
export async function secretFromFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`cannot read the password file ${path}: ${error.code}`, { exitCode: EXIT.error })
  })
  if (text.startsWith('#!'))
    throw new CliError(`${path} is a script`, { hint: 'use --vault-id id@<(script), or a file with the password' })
  const secret = text.split(/\r?\n/)[0]!
  if (secret === '') throw new CliError(`the password file ${path} is empty`, { exitCode: EXIT.error })
  return secret
}

/** `id@file`, `id@prompt` and the older options, as ansible-vault has them. */
export async function vaultPasswords(
  flags: VaultFlags,
  streams: Streams,
  redactor: Redactor,
): Promise<VaultPassword[]> {
  const passwords: VaultPassword[] = []
  const environment = process.env.ANSIBLE_VAULT_PASSWORD_FILE
  const files = flags.vaultPasswordFile ?? (environment === undefined || flags.vaultId ? [] : [environment])
  for (const file of files) passwords.push({ id: 'default', password: await secretFromFile(file) })
  for (const one of flags.vaultId ?? []) {
    const at = one.lastIndexOf('@')
    const [id, source] = at < 0 ? ['default', one] : [one.slice(0, at) || 'default', one.slice(at + 1)]
    const password =
      source === 'prompt'
        ? await ask(streams, `Vault password (${id}): `, { hidden: true })
        : await secretFromFile(source)
    passwords.push({ id, password })
  }
  if (flags.askVaultPass)
    passwords.push({ id: 'default', password: await ask(streams, 'Vault password: ', { hidden: true }) })
  for (const one of passwords) redactor.add(one.password)
  return passwords
}

/** How files are read that may be encrypted, or hold encrypted values: what was encrypted is hidden from then on. */
export function vaultAccess(vault: Vault, redactor: Redactor): Required<VaultAccess> {
  return {
    decrypt: (text) => vault.decrypt(text),
    unlock: (texts) => vault.unlock(texts),
    secret: (value) => void redactor.add(value),
  }
}
