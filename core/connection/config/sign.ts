import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { ParsedKey } from 'ssh2'

/** Signs; with RSA by that hash. */
export type Sign = (data: Buffer, hash: 'sha256' | 'sha512' | undefined, done: (signed: Buffer | Error) => void) => void

/** Of each type of key (RFC 4253, 5656, 8709); Ed25519 has its own. */
const HASHES: Readonly<Record<string, string>> = {
  'ssh-rsa': 'sha1',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
}

const objects = new WeakMap<ParsedKey, KeyObject>()

/** ssh2 reads the key's text anew for each signature, which takes ten times as long as to sign. */
function objectOf(key: ParsedKey): KeyObject {
  const known = objects.get(key)
  if (known) return known
  const made = createPrivateKey(key.getPrivatePEM())
  objects.set(key, made)
  return made
}

/** By a key of a file: with the hash of its type, unless another is asked for. What cannot be signed is told as an Error. */
export const signWith =
  (key: ParsedKey): Sign =>
  (data, hash, done) => {
    let signed: Buffer | Error
    try {
      signed = sign(hash ?? HASHES[key.type], data, objectOf(key))
    } catch (error) {
      signed = error as Error
    }
    done(signed)
  }
