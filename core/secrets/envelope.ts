import { VaultError } from './vault-error.ts'

/** A vault text taken apart. */
export interface Envelope {
  /** Vault id of format 1.2. */
  readonly label: string | undefined
  readonly salt: Buffer
  readonly mac: Buffer
  readonly cipherText: Buffer
}

const header = /^\$ANSIBLE_VAULT;([^;\s]+);([^;\s]+)(?:;([^;\r\n]*?))?[ \t]*\r?$/

/** Whether a text or a file is encrypted as a whole. */
export function isVaultText(text: string): boolean {
  return text.startsWith('$ANSIBLE_VAULT;')
}

/** VaultError for what is not a vault of format 1.1 or 1.2. */
export function parseEnvelope(text: string): Envelope {
  const lines = text.trim().split('\n')
  const match = header.exec(lines[0]?.trim() ?? '')
  if (!match)
    throw new VaultError('vault-format', 'not an Ansible Vault: the first line must be $ANSIBLE_VAULT;1.1;AES256')
  const [, version, cipher, label] = match
  if (version !== '1.1' && version !== '1.2')
    throw new VaultError('vault-format', `vault format ${version} is not supported`)
  if (cipher !== 'AES256') throw new VaultError('vault-format', `vault cipher ${cipher} is not supported`)
  const parts = unhex(lines.slice(1).join('').replace(/\s+/g, '')).toString('latin1').split('\n')
  const [salt, mac, cipherText] = parts.map(unhex)
  if (parts.length !== 3 || !salt || !mac || !cipherText) throw damaged()
  return { label: label?.trim() || undefined, salt, mac, cipherText }
}

function unhex(text: string): Buffer {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw damaged()
  return Buffer.from(text, 'hex')
}

function damaged(): VaultError {
  return new VaultError('vault-format', 'the vault is damaged: its body is not what ansible-vault writes')
}

/** Format 1.1, or 1.2 with a label; lines of 80 characters. */
export function formatEnvelope(envelope: Envelope): string {
  const { label, salt, mac, cipherText } = envelope
  const first = label === undefined ? '$ANSIBLE_VAULT;1.1;AES256' : `$ANSIBLE_VAULT;1.2;AES256;${label}`
  const inner = [salt, mac, cipherText].map((part) => part.toString('hex')).join('\n')
  const body = Buffer.from(inner, 'latin1').toString('hex')
  return `${[first, ...(body.match(/.{1,80}/g) ?? [])].join('\n')}\n`
}
