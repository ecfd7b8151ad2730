import { createHash } from 'node:crypto'

/** Host key types this program can check, strongest first: the order in which they are asked for. */
export const KEY_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const

/** The type in the first string of a public key in SSH wire format (RFC 4253, 6.6); undefined when it is none. */
export function keyType(blob: Buffer): string | undefined {
  if (blob.length < 5) return undefined
  const length = blob.readUInt32BE(0)
  if (length === 0 || length > 64 || length + 4 > blob.length) return undefined
  const type = blob.toString('latin1', 4, 4 + length)
  return /^[A-Za-z0-9@._-]+$/.test(type) ? type : undefined
}

/** `SHA256:…`, as ssh-keygen -l writes it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

/** `ssh-ed25519 AAAA…` with anything behind it as a wire-format key; undefined when it is not a public key. */
export function parsePublicKey(text: string): Buffer | undefined {
  const [type, base64] = text.trim().split(/[ \t]+/)
  if (!type || !base64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined
  const blob = Buffer.from(base64, 'base64')
  return keyType(blob) === type ? blob : undefined
}

/** `ssh-ed25519 AAAA…` of a wire-format key. */
export function publicKeyText(blob: Buffer): string {
  return `${keyType(blob)} ${blob.toString('base64')}`
}

/**
 * Signature algorithms to offer, those of the known types first, so that a server with several keys shows the one we
 * know. RSA is asked for with SHA-2 only (RFC 8332); SHA-1 is not offered, as in OpenSSH since 8.8.
 */
export function hostKeyAlgorithms(known: Iterable<string>): string[] {
  const first = new Set(known)
  const types = [...KEY_TYPES.filter((t) => first.has(t)), ...KEY_TYPES.filter((t) => !first.has(t))]
  return types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type]))
}
