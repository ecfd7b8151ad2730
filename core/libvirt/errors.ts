/*
 * What can go wrong with libvirt on a host. virErrorNumber and virErrorDomain are libvirt's own (virterror.h).
 */

/** virErrorNumber: those that are told apart. */
export const CODE = {
  internal: 1,
  noSupport: 3,
  invalidArgument: 8,
  operationFailed: 9,
  system: 38,
  rpc: 39,
  noDomain: 42,
  noNetwork: 43,
  authFailed: 45,
  noPool: 49,
  noVolume: 50,
  operationInvalid: 55,
  noSnapshot: 72,
  authCancelled: 79,
  noMetadata: 80,
  unsupported: 84,
  cpuIncompatible: 91,
  authUnavailable: 94,
  noCheckpoint: 103,
} as const

/**
 * libvirt said no. `code` is libvirt's virErrorNumber where it could be told (42: no domain), else undefined; `domain` its
 * virErrorDomain, the part of libvirt that said so (10: QEMU), known over RPC only.
 */
export class LibvirtError extends Error {
  readonly code: number | undefined
  readonly domain: number | undefined
  constructor(message: string, code?: number, domain?: number) {
    super(message)
    this.name = 'LibvirtError'
    this.code = code
    this.domain = domain
  }
}

/** The host could not even ask libvirt: no folder for a temporary file, a full disk, a daemon just gone. Never an answer of libvirt's. */
export class LibvirtNotAsked extends LibvirtError {}

/** The daemon went away while it was at work: whether what was asked was done is not known. */
export class LibvirtLost extends LibvirtError {}

/** Why no daemon can be talked to. `no way`: one may run, but nothing on the host leads to its socket. */
export type Unavailability = 'not installed' | 'not running' | 'permission denied' | 'no way'

/** No daemon could be reached; the message has the words of whoever said so. */
export class LibvirtUnavailable extends LibvirtNotAsked {
  readonly reason: Unavailability
  constructor(reason: Unavailability, message: string) {
    super(message)
    this.reason = reason
  }
}

/** Whether libvirt says that the object does not exist: domain, network, pool, volume, snapshot, checkpoint. */
export function isAbsent(error: unknown): boolean {
  return error instanceof LibvirtError && error.code !== undefined && ABSENT.has(error.code)
}

const ABSENT: ReadonlySet<number> = new Set([
  CODE.noDomain,
  CODE.noNetwork,
  CODE.noPool,
  CODE.noVolume,
  CODE.noSnapshot,
  CODE.noCheckpoint,
])
