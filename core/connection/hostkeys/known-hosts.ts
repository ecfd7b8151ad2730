import { keyType } from './key.ts'
import { type HostField, matchesHost, parseHostField } from './names.ts'

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly marker: 'none' | 'revoked' | 'cert-authority'
  readonly host: HostField
  readonly type: string
  readonly key: Buffer
}

export interface KnownHosts {
  readonly entries: readonly KnownHost[]
  /** Lines that were not understood, and are ignored as ssh ignores them: `file:line: why`. */
  readonly notes: readonly string[]
}

/** Parses the text of one file. A malformed line never fails the file: it cannot make a host known. */
export function parseKnownHosts(text: string, file: string): KnownHosts {
  const entries: KnownHost[] = []
  const notes: string[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const content = raw.replace(/\r$/, '').replace(/^[ \t]+/, '')
    if (content === '' || content.startsWith('#')) continue
    const line = index + 1
    const entry = parseLine(content)
    if (typeof entry === 'string') notes.push(`${file}:${line}: ${entry}`)
    else entries.push({ ...entry, file, line })
  }
  return { entries, notes }
}

function parseLine(content: string): Omit<KnownHost, 'file' | 'line'> | string {
  const words = content.split(/[ \t]+/)
  let marker: KnownHost['marker'] = 'none'
  if (words[0]!.startsWith('@')) {
    const name = words.shift()!
    if (name === '@revoked') marker = 'revoked'
    else if (name === '@cert-authority') marker = 'cert-authority'
    else return 'unknown marker'
  }
  const [hosts, type, base64] = words
  if (hosts === undefined || type === undefined || base64 === undefined) return 'not a host, a key type and a key'
  const host = parseHostField(hosts)
  if (!host) return 'malformed hashed host name'
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return 'malformed key'
  const key = Buffer.from(base64, 'base64')
  if (keyType(key) !== type) return `the key is not of the type ${type}`
  return { marker, host, type, key }
}

/** What the files say of one name. */
export interface KnownKeys {
  readonly plain: readonly KnownHost[]
  readonly revoked: readonly KnownHost[]
  readonly authorities: readonly KnownHost[]
}

/** Every line that names the host, in order. `name` as knownHostName makes it. */
export function lookUp(files: readonly KnownHosts[], name: string): KnownKeys {
  const matches = files.flatMap((file) => file.entries.filter((entry) => matchesHost(entry.host, name)))
  return {
    plain: matches.filter((e) => e.marker === 'none'),
    revoked: matches.filter((e) => e.marker === 'revoked'),
    authorities: matches.filter((e) => e.marker === 'cert-authority'),
  }
}
