/** A vault that cannot be opened. Whoever knows the file and the line makes a diagnostic of it. */
export class VaultError extends Error {
  readonly code: 'vault-format' | 'vault-password' | 'vault-no-password'
  readonly hint: string | undefined
  constructor(code: VaultError['code'], message: string, hint?: string) {
    super(message)
    this.name = 'VaultError'
    this.code = code
    this.hint = hint
  }
}
