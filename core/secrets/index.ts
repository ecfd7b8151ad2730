/* Ansible Vault, and hiding secrets by their value. */
export { isVaultText } from './envelope.ts'
export { createRedactor, mask, type Redactor } from './redactor.ts'
export { RedactingStream } from './stream.ts'
export { createVault, type Vault, type VaultPassword } from './vault.ts'
export { VaultError } from './vault-error.ts'
