import { createCipheriv, createDecipheriv, createHmac, pbkdf2, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/*
 * AES256 of Ansible Vault: PBKDF2-HMAC-SHA256 with 10 000 iterations gives 80 bytes (cipher key, HMAC key, counter block);
 * AES-256-CTR over text padded as PKCS 7; HMAC-SHA256 over the cipher text.
 */

const iterations = 10_000
const length = 80
const block = 16

const derive = promisify(pbkdf2)

/** 80 bytes: cipher key (32), HMAC key (32), counter block (16). */
export function deriveKey(password: string | Buffer, salt: Buffer): Promise<Buffer> {
  return derive(password, salt, iterations, length, 'sha256')
}

export function deriveKeySync(password: string | Buffer, salt: Buffer): Buffer {
  return pbkdf2Sync(password, salt, iterations, length, 'sha256')
}

/** Undefined when the key is not the one by which the text was made, or the text was changed. */
export function open(key: Buffer, mac: Buffer, cipherText: Buffer): Buffer | undefined {
  const expected = createHmac('sha256', key.subarray(32, 64)).update(cipherText).digest()
  if (expected.length !== mac.length || !timingSafeEqual(expected, mac)) return undefined
  const decipher = createDecipheriv('aes-256-ctr', key.subarray(0, 32), key.subarray(64, 80))
  const padded = Buffer.concat([decipher.update(cipherText), decipher.final()])
  const padding = padded.at(-1) ?? 0
  if (padding < 1 || padding > block || padding > padded.length) return undefined
  return padded.subarray(0, padded.length - padding)
}

export function seal(key: Buffer, plain: Buffer): { mac: Buffer; cipherText: Buffer } {
  const padding = block - (plain.length % block)
  const cipher = createCipheriv('aes-256-ctr', key.subarray(0, 32), key.subarray(64, 80))
  const cipherText = Buffer.concat([
    cipher.update(plain),
    cipher.update(Buffer.alloc(padding, padding)),
    cipher.final(),
  ])
  return { mac: createHmac('sha256', key.subarray(32, 64)).update(cipherText).digest(), cipherText }
}
