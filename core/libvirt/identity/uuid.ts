import { createHash } from 'node:crypto'

/** The namespace of everything virtfleet names; fixed for ever, since every computed UUID depends on it. */
const NAMESPACE = '5f0a3b1e-6c1d-5c8e-9b7a-2d4f6e8a9c01'

/** UUIDv5 (RFC 9562, 5.5): the same name in the same namespace is the same UUID. */
export function uuid5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** UUID of one thing of a fleet: kind is `domain`, `network`, `pool`. */
export function fleetUuid(fleet: string, kind: string, name: string): string {
  return uuid5(uuid5(NAMESPACE, fleet), `${kind}/${name}`)
}
