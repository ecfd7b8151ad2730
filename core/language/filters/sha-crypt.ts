import { createHash, randomInt } from 'node:crypto'
import { PythonError } from '../python/index.ts'

interface Scheme {
  readonly prefix: string
  readonly hash: 'sha256' | 'sha512'
  readonly size: number
  /** Groups of three bytes in the order in which they are encoded; the rest stands at the end. */
  readonly groups: number
  readonly step: readonly [number, number, number]
}

const schemes: Record<string, Scheme> = {
  sha512: { prefix: '6', hash: 'sha512', size: 64, groups: 21, step: [0, 21, 42] },
  sha256: { prefix: '5', hash: 'sha256', size: 32, groups: 10, step: [0, 10, 20] },
}

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const defaultRounds = 5000

export interface CryptOptions {
  /** At most 16 characters of the alphabet ./0-9A-Za-z; random when not given. */
  readonly salt: string | undefined
  readonly size: number | undefined
  readonly rounds: number | undefined
}

/**
 * A password as /etc/shadow has it: SHA-crypt by Drepper's specification, `sha512` or `sha256`. At most 999999 rounds
 * here, since the controller computes them.
 */
export function cryptPassword(password: string, type: string, options: CryptOptions): string {
  const scheme = schemes[type.replace(/^sha(256|512)_crypt$/, 'sha$1')]
  if (!scheme) throw new PythonError('FilterError', `unsupported hash type '${type}': sha512 and sha256 are supported`)
  const salt = options.salt ?? randomSalt(options.size ?? 16)
  if (!/^[./0-9A-Za-z]{1,16}$/.test(salt))
    throw new PythonError('FilterError', 'the salt must have 1 to 16 characters of ./0-9A-Za-z')
  const rounds = options.rounds ?? defaultRounds
  if (!Number.isInteger(rounds) || rounds < 1000 || rounds > 999_999)
    throw new PythonError('FilterError', 'rounds must be between 1000 and 999999')
  const encoded = encode(scheme, digest(scheme, Buffer.from(password, 'utf8'), Buffer.from(salt), rounds))
  return `$${scheme.prefix}$${options.rounds === undefined ? '' : `rounds=${rounds}$`}${salt}$${encoded}`
}

/** Characters from the system's random source. */
export function randomSalt(size: number): string {
  return Array.from({ length: Math.min(size, 16) }, () => alphabet[randomInt(64)]).join('')
}

function cycle(block: Buffer, size: number): Buffer {
  return Buffer.alloc(size, block)
}

function digest({ hash, size }: Scheme, key: Buffer, salt: Buffer, rounds: number): Buffer {
  const alternate = createHash(hash).update(key).update(salt).update(key).digest()
  const first = createHash(hash).update(key).update(salt)
  first.update(key.length > 0 ? cycle(alternate, key.length) : '')
  for (let n = key.length; n > 0; n >>= 1) first.update(n & 1 ? alternate : key)
  let result = first.digest()
  const forKey = createHash(hash)
  for (let i = 0; i < key.length; i++) forKey.update(key)
  const p = key.length > 0 ? cycle(forKey.digest(), key.length) : key
  const forSalt = createHash(hash)
  for (let i = 0; i < 16 + (result[0] ?? 0); i++) forSalt.update(salt)
  const s = cycle(forSalt.digest().subarray(0, size), salt.length)
  for (let i = 0; i < rounds; i++) {
    const round = createHash(hash).update(i & 1 ? p : result)
    if (i % 3) round.update(s)
    if (i % 7) round.update(p)
    result = round.update(i & 1 ? result : p).digest()
  }
  return result
}

function encode({ groups, step, hash, size }: Scheme, bytes: Buffer): string {
  const turn = hash === 'sha512' ? [1, 2, 0] : [2, 0, 1]
  let order = [0, 1, 2]
  let out = ''
  for (let i = 0; i < groups; i++) {
    const [a = 0, b = 0, c = 0] = order.map((o) => bytes[(step[o] ?? 0) + i] ?? 0)
    out += sixBits((a << 16) | (b << 8) | c, 4)
    order = turn.map((t) => order[t] ?? 0)
  }
  const last = hash === 'sha512' ? (bytes[size - 1] ?? 0) : ((bytes[31] ?? 0) << 8) | (bytes[30] ?? 0)
  return out + sixBits(last, hash === 'sha512' ? 2 : 3)
}

function sixBits(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => alphabet[(value >> (6 * i)) & 63]).join('')
}
