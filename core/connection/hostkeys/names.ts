import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** What a host is called in known_hosts: `[host]:port` unless the port is 22 (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** The first field of a known_hosts line: patterns, or one hashed name. */
export type HostField =
  | { readonly kind: 'patterns'; readonly patterns: readonly HostPattern[] }
  | { readonly kind: 'hashed'; readonly salt: Buffer; readonly hash: Buffer }

export interface HostPattern {
  readonly negated: boolean
  /** Without a wildcard: compared as it is. */
  readonly literal: string
  readonly wildcard: RegExp | undefined
}

const HASHED = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/

/** Reads the field; undefined when it is not one. */
export function parseHostField(text: string): HostField | undefined {
  if (text.startsWith('|')) {
    const match = HASHED.exec(text)
    if (!match) return undefined
    const salt = Buffer.from(match[1]!, 'base64')
    const hash = Buffer.from(match[2]!, 'base64')
    return salt.length === 20 && hash.length === 20 ? { kind: 'hashed', salt, hash } : undefined
  }
  const patterns = text.split(',').map(parsePattern)
  return { kind: 'patterns', patterns }
}

function parsePattern(text: string): HostPattern {
  const negated = text.startsWith('!')
  const literal = (negated ? text.slice(1) : text).toLowerCase()
  return { negated, literal, wildcard: /[*?]/.test(literal) ? wildcard(literal) : undefined }
}

function wildcard(pattern: string): RegExp {
  // Runs of stars are one star: a hostile file must not make the match slow.
  const text = pattern
    .replace(/\*+/g, '*')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${text}$`, 's')
}

/** Whether the field names that host; a negated pattern that fits rules the whole line out. `name` is in lower case. */
export function matchesHost(field: HostField, name: string): boolean {
  if (field.kind === 'hashed') return timingSafeEqual(hashOf(field.salt, name), field.hash)
  let matched = false
  for (const pattern of field.patterns) {
    if (!(pattern.wildcard ? pattern.wildcard.test(name) : pattern.literal === name)) continue
    if (pattern.negated) return false
    matched = true
  }
  return matched
}

/** The name as `HashKnownHosts yes` writes it: `|1|salt|hmac-sha1`. */
export function hashHostName(name: string, salt: Buffer = randomBytes(20)): string {
  return `|1|${salt.toString('base64')}|${hashOf(salt, name).toString('base64')}`
}

function hashOf(salt: Buffer, name: string): Buffer {
  return createHmac('sha1', salt).update(name).digest()
}
