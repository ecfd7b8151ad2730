import type { HostKeyRules } from '../types.ts'

/** Where and how to connect, after the inventory, ~/.ssh/config and the defaults; the inventory wins. */
export interface ResolvedEndpoint {
  /** The name in the inventory; of a bastion, what ProxyJump calls it. */
  readonly name: string
  /** Name or address to connect to, in lower case. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password?: string
  readonly privateKeyPassphrase?: string
  /** From the inventory; tried before all others. */
  readonly privateKeyFile?: string
  /** From IdentityFile, in order. Files that are only ssh's defaults are in defaultIdentityFiles. */
  readonly identityFiles: readonly string[]
  /** ~/.ssh/id_*, when no IdentityFile is configured; they may be missing. */
  readonly defaultIdentityFiles: readonly string[]
  /** Offer no other keys of the agent than those of the files. */
  readonly identitiesOnly: boolean
  /** Socket of the agent; undefined: none. */
  readonly identityAgent?: string
  /** PreferredAuthentications, restricted by PubkeyAuthentication and PasswordAuthentication. */
  readonly authentications: readonly string[]
  /** Bastions, in the order they are gone through: the first is connected to directly (or by its proxyCommand). */
  readonly proxyJump: readonly ResolvedEndpoint[]
  /** With its tokens expanded. */
  readonly proxyCommand?: string
  /** With `files` filled in: the user's known_hosts files, the first one is written to. */
  readonly hostKeys: HostKeyRules & { readonly files: readonly string[] }
  readonly globalKnownHostsFiles: readonly string[]
  readonly hostKeyAlias?: string
  readonly hashKnownHosts: boolean
  /** Address of the controller to connect from. */
  readonly bindAddress?: string
  readonly connectTimeoutMs: number
  readonly serverAliveIntervalMs: number
  readonly serverAliveCountMax: number
  /** What the file asks for and the transport `ssh` cannot do, by name: `CertificateFile ~/.ssh/id-cert.pub`. */
  readonly unsupported: readonly string[]
  /** For the log. */
  readonly notes: readonly string[]
}
