import { existsSync, type Stats, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import ssh2, { type ParsedKey } from 'ssh2'
import { keyType, parsePublicKey } from '../hostkeys/key.ts'

/** What a private key file is good for. */
export type KeyFile =
  | { readonly kind: 'key'; readonly key: ParsedKey; readonly public: Buffer }
  /** Only an agent can sign with it: it is encrypted, or the file holds the public half. */
  | { readonly kind: 'agent'; readonly public: Buffer | undefined; readonly why: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly why: string }
  /** A certificate belongs to it, or it lives in hardware. */
  | { readonly kind: 'unsupported'; readonly what: string }

const cache = new Map<string, { stamp: string; passphrase: string | undefined; loaded: Promise<KeyFile> }>()

/**
 * Reads a key file; once, since deriving the key of an encrypted file takes long by design. Each host asks for half a dozen names, most of which
 * are not there: that takes 2 us of CPU so, and 80 by one of libuv's threads.
 */
export async function loadKeyFile(file: string, passphrase: string | undefined): Promise<KeyFile> {
  let info: Stats | undefined
  try {
    info = statSync(file, { throwIfNoEntry: false })
  } catch (error) {
    return refused(file, (error as Error).message)
  }
  if (!info) return { kind: 'missing' }
  const { ino, size, mtimeMs, mode, uid } = info
  const stamp = `${ino} ${size} ${mtimeMs} ${mode}`
  const cached = cache.get(file)
  if (cached?.stamp === stamp && cached.passphrase === passphrase) return cached.loaded
  const loaded = load(file, passphrase, uid === process.getuid?.() && (mode & 0o077) !== 0)
  cache.set(file, { stamp, passphrase, loaded })
  return loaded
}

async function load(file: string, passphrase: string | undefined, open: boolean): Promise<KeyFile> {
  let data: Buffer
  try {
    data = await readFile(file)
  } catch (error) {
    return refused(file, error instanceof Error ? error.message : String(error))
  }
  const half = publicHalf(data) ?? parsePublicKey(await readFile(`${file}.pub`, 'utf8').catch(() => ''))
  const type = half && keyType(half)
  if (type?.startsWith('sk-')) return { kind: 'unsupported', what: `the security key ${file}` }
  if (parsePublicKey(data.toString('latin1')))
    return { kind: 'agent', public: half, why: `${file} holds a public key only` }
  if (open) return refused(file, 'its permissions are too open: chmod 600')
  const parsed = ssh2.utils.parseKey(data, passphrase)
  const key: ParsedKey | Error = Array.isArray(parsed) ? parsed[0] : parsed
  if (key instanceof Error) {
    if (!/passphrase|bad decrypt|integrity/i.test(key.message)) return refused(file, key.message)
    const why =
      passphrase === undefined
        ? `${file} is encrypted, and there is no passphrase`
        : `the passphrase does not open ${file}`
    return { kind: 'agent', public: half, why }
  }
  if (!key.isPrivateKey()) return refused(file, 'it is not a private key')
  return { kind: 'key', key, public: key.getPublicSSH() }
}

/** Whether ssh would present a certificate with that key (ssh_config(5), CertificateFile). */
export function hasCertificate(file: string): boolean {
  return existsSync(`${file}-cert.pub`)
}

function refused(file: string, why: string): KeyFile {
  return { kind: 'refused', why: `${file} is not used: ${why}` }
}

/** The public key in the clear part of OpenSSH's private key format (PROTOCOL.key), or in a public key file. */
function publicHalf(data: Buffer): Buffer | undefined {
  const text = data.toString('latin1')
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1]
  if (body === undefined) return parsePublicKey(text)
  const raw = Buffer.from(body, 'base64')
  let offset = 'openssh-key-v1\0'.length
  const next = (): Buffer | undefined => {
    if (offset + 4 > raw.length) return undefined
    const start = offset + 4
    offset = start + raw.readUInt32BE(offset)
    return raw.subarray(start, offset)
  }
  for (let i = 0; i < 3; i++) next() // cipher, key derivation, its options
  offset += 4 // number of keys
  return next()
}
