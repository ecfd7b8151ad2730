import type { ResolvedEndpoint } from '../config/resolved.ts'
import { ConnectionError } from '../errors.ts'
import type { Endpoint } from '../types.ts'
import { fingerprint, hostKeyAlgorithms, keyType, parsePublicKey, publicKeyText } from './key.ts'
import { type KnownHost, type KnownHosts, type KnownKeys, lookUp } from './known-hosts.ts'
import { hashHostName, knownHostName } from './names.ts'
import { appendKnownHost, readKnownHosts } from './store.ts'

/** Lines of known_hosts that were not understood, of which an error speaks. */
const MAX_NOTES = 3

/** Whether the connection may go on; `warning` is for the log. */
export type Verdict =
  | { readonly ok: true; readonly warning?: string }
  | { readonly ok: false; readonly error: ConnectionError }

export interface HostVerifier {
  /** Host key algorithms in the order to offer them. */
  readonly algorithms: readonly string[]
  /** Judges the key the server has proved to hold, in SSH wire format. */
  verify(key: Buffer): Verdict
}

/**
 * Checks host keys as ssh does, and refuses in doubt. `resolved` is the party that is spoken to, a bastion or the host
 * itself; `endpoint` names the host of the inventory that the errors are about. Raises ConnectionError when a file
 * cannot be read, a pinned key is no key, or the host is known only by a certificate authority.
 */
export function hostVerifier(endpoint: Pick<Endpoint, 'name'>, resolved: ResolvedEndpoint): HostVerifier {
  const { hostKeys } = resolved
  if (hostKeys.pinned && hostKeys.pinned.length > 0) return pinnedVerifier(endpoint.name, resolved, hostKeys.pinned)
  const known = knownKeys(endpoint.name, resolved)
  const off = hostKeys.policy === 'off'
  if (!off && known.plain.length === 0 && known.authorities.length > 0)
    throw authorityOnly(endpoint.name, known.authorities[0]!)
  return {
    algorithms: hostKeyAlgorithms(known.plain.map((entry) => entry.type)),
    verify: (key) => {
      try {
        return off ? judgeUnchecked(endpoint.name, resolved, key) : judge(endpoint.name, resolved, key)
      } catch (error) {
        if (error instanceof ConnectionError) return { ok: false, error }
        throw error
      }
    },
  }
}

function pinnedVerifier(name: string, resolved: ResolvedEndpoint, pinned: readonly string[]): HostVerifier {
  const keys = pinned.map((text) => {
    const key = parsePublicKey(text)
    if (key) return key
    throw new ConnectionError(
      'config',
      name,
      `a pinned host key of ${name} is not a public key`,
      'write it as `ssh-ed25519 AAAA…`',
    )
  })
  return {
    algorithms: hostKeyAlgorithms(keys.map((key) => keyType(key)!)),
    verify: (key) => {
      if (keys.some((k) => k.equals(key))) return { ok: true }
      const message = `${resolved.host} presented the ${describe(key)}, but the inventory pins ${keys.map(describe).join(', ')}`
      return refuse(
        'host-key-changed',
        name,
        message,
        'someone may be in between; if the host was reinstalled, change the pinned key',
      )
    },
  }
}

function judge(name: string, resolved: ResolvedEndpoint, key: Buffer): Verdict {
  const revoked = judgeRevoked(name, resolved, key)
  if (revoked) return revoked
  const known = knownKeys(name, resolved)
  if (known.plain.some((entry) => entry.key.equals(key))) return { ok: true }
  const old = known.plain.find((entry) => entry.type === keyType(key)) ?? known.plain[0]
  if (old) return changed(name, resolved, key, old)
  if (known.authorities.length > 0) return { ok: false, error: authorityOnly(name, known.authorities[0]!) }
  return resolved.hostKeys.policy === 'accept-new' ? accept(name, resolved, key) : unknown(name, resolved, key)
}

function judgeUnchecked(name: string, resolved: ResolvedEndpoint, key: Buffer): Verdict {
  const warning = `the host key of ${resolved.host} is not checked`
  return judgeRevoked(name, resolved, key) ?? { ok: true, warning }
}

function judgeRevoked(name: string, resolved: ResolvedEndpoint, key: Buffer): Verdict | undefined {
  const entry = knownKeys(name, resolved).revoked.find((e) => e.key.equals(key))
  if (!entry) return undefined
  const message = `${resolved.host} presented the ${describe(key)}, which ${entry.file}:${entry.line} revokes`
  return refuse('host-key-revoked', name, message, 'do not connect; give the host a new key')
}

function changed(name: string, resolved: ResolvedEndpoint, key: Buffer, old: KnownHost): Verdict {
  const message = `the host key of ${resolved.host} has changed: it presented the ${describe(key)}, but ${old.file}:${old.line} has the ${describe(old.key)}`
  return refuse(
    'host-key-changed',
    name,
    message,
    `someone may be in between; if the host was reinstalled, remove ${old.file}:${old.line}`,
  )
}

function unknown(name: string, resolved: ResolvedEndpoint, key: Buffer): Verdict {
  const message = `the host key of ${resolved.host} is not known: ${describe(key)}`
  const line = `${nameOf(resolved)} ${publicKeyText(key)}`
  const notes = found.get(resolved)?.files.flatMap((file) => file.notes) ?? []
  const ignored = notes.length > 0 ? `\nignored: ${notes.slice(0, MAX_NOTES).join('; ')}` : ''
  const advice = `compare the fingerprint with the host's own, then add this line to ${target(resolved)}:`
  return refuse('host-key-unknown', name, message, `${advice}\n${line}${ignored}`)
}

function accept(name: string, resolved: ResolvedEndpoint, key: Buffer): Verdict {
  const file = target(resolved)
  const host = resolved.hashKnownHosts ? hashHostName(nameOf(resolved)) : nameOf(resolved)
  try {
    appendKnownHost(file, `${host} ${publicKeyText(key)}`)
  } catch (cause) {
    return { ok: false, error: fileError(name, file, 'written', cause) }
  }
  return { ok: true, warning: `added the ${describe(key)} of ${resolved.host} to ${file}` }
}

/** What was found for a party, so that its key is judged without hashing every name again; good while the files are. */
const found = new WeakMap<ResolvedEndpoint, { files: readonly KnownHosts[]; known: KnownKeys }>()

function knownKeys(name: string, resolved: ResolvedEndpoint): KnownKeys {
  const files = [...resolved.hostKeys.files, ...resolved.globalKnownHostsFiles].map((file): KnownHosts => {
    try {
      return readKnownHosts(file)
    } catch (cause) {
      throw fileError(name, file, 'read', cause)
    }
  })
  const before = found.get(resolved)
  if (before && files.every((file, i) => file === before.files[i])) return before.known
  const known = search(files, resolved)
  found.set(resolved, { files, known })
  return known
}

/** As ssh does, a host on another port is also looked for by its name alone. */
function search(files: readonly KnownHosts[], resolved: ResolvedEndpoint): KnownKeys {
  const known = lookUp(files, nameOf(resolved))
  if (resolved.port === 22 || resolved.hostKeyAlias !== undefined) return known
  const byName = lookUp(files, knownHostName(resolved.host, 22))
  const revoked = [...known.revoked, ...byName.revoked]
  return known.plain.length + known.authorities.length > 0 ? { ...known, revoked } : { ...byName, revoked }
}

function nameOf(resolved: ResolvedEndpoint): string {
  return resolved.hostKeyAlias?.toLowerCase() ?? knownHostName(resolved.host, resolved.port)
}

function target(resolved: ResolvedEndpoint): string {
  return resolved.hostKeys.files[0] ?? '~/.ssh/known_hosts'
}

function describe(key: Buffer): string {
  return `${keyType(key) ?? 'unreadable'} key ${fingerprint(key)}`
}

function refuse(
  failure: 'host-key-unknown' | 'host-key-changed' | 'host-key-revoked',
  name: string,
  message: string,
  hint: string,
): Verdict {
  return { ok: false, error: new ConnectionError(failure, name, message, hint) }
}

function authorityOnly(name: string, entry: KnownHost): ConnectionError {
  const message = `${entry.file}:${entry.line} knows ${name} by a certificate authority, and the transport ssh cannot check host certificates`
  return new ConnectionError('unsupported', name, message, 'set ansible_connection: openssh')
}

function fileError(name: string, file: string, verb: 'read' | 'written', cause: unknown): ConnectionError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new ConnectionError('config', name, `${file} cannot be ${verb}: ${why}`, undefined, cause)
}
