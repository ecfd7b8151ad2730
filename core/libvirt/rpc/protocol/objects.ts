import {
  type Codec,
  choice,
  double,
  fixed,
  hyper,
  int,
  type Of,
  optional,
  string,
  struct,
  uhyper,
  uint,
} from '../xdr/codec.ts'

/*
 * What libvirt's calls are made of (remote_protocol.x), with the limits it has for each.
 */

/** REMOTE_STRING_MAX. */
export const STRING_MAX = 4 * 1024 * 1024
/** Domains, networks, pools, volumes, snapshots in one list. */
export const LIST_MAX = 16_384

export const text = string(STRING_MAX)
export const maybeText = optional(text)
const uuid = fixed(16)

/** `id` is -1 while it is off; libvirt looks a domain up by its UUID. */
export const domain = struct({ name: text, uuid, id: int })
export type DomainRef = Of<typeof domain>
export const network = struct({ name: text, uuid })
export type NetworkRef = Of<typeof network>
export const pool = struct({ name: text, uuid })
export type PoolRef = Of<typeof pool>
/** Looked up by the names of pool and volume. */
export const volume = struct({ pool: text, name: text, key: text })
export type VolumeRef = Of<typeof volume>
export const snapshot = struct({ name: text, domain })
/** A checkpoint looks like a snapshot. */
export const checkpoint = snapshot

/** virTypedParameter: INT, UINT, LLONG, ULLONG, DOUBLE, BOOLEAN, STRING. */
const parameterValues = new Map<number, Codec<number | bigint | string>>([
  [1, int as Codec<number | bigint | string>],
  [2, uint as Codec<number | bigint | string>],
  [3, hyper as Codec<number | bigint | string>],
  [4, uhyper as Codec<number | bigint | string>],
  [5, double as Codec<number | bigint | string>],
  [6, int as Codec<number | bigint | string>],
  [7, text as Codec<number | bigint | string>],
])
export const PARAMETER = { boolean: 6, double: 5 } as const
export const parameter = struct({ field: text, value: choice(parameterValues) })
export type Parameter = Of<typeof parameter>

/** virNetMessageError; `domain` is the part of libvirt it comes from. */
export const errorReply = struct({
  code: int,
  domain: int,
  message: maybeText,
  level: int,
  ofDomain: optional(domain),
  text1: maybeText,
  text2: maybeText,
  text3: maybeText,
  number1: int,
  number2: int,
  ofNetwork: optional(network),
})

/** virNetStreamHole: bytes that are zero and are not sent. */
export const streamHole = struct({ length: hyper, flags: uint })

/** `8-4-4-4-12` for sixteen bytes. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Sixteen bytes of a UUID as it is usually written; undefined for anything else. */
export function uuidBytes(written: string): Buffer | undefined {
  if (!/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(written)) return undefined
  return Buffer.from(written.replaceAll('-', ''), 'hex')
}
