export interface NetworkSummary {
  readonly name: string
  readonly uuid: string
  readonly active: boolean
  readonly autostart: boolean
  readonly persistent: boolean
}

export interface Lease {
  readonly mac: string
  readonly address: string
  readonly hostname?: string
  /** In UTC: `2026-01-31 23:59:59`. */
  readonly expiry: string
}

/** virNetworkUpdateCommand and virNetworkUpdateSection, as virsh's net-update names them. */
export interface NetworkUpdate {
  readonly command: 'add-first' | 'add-last' | 'modify' | 'delete'
  readonly section: NetworkSection
  readonly xml: string
  /** Which of several `<ip>` elements; -1, the default, lets libvirt find it. */
  readonly parentIndex?: number
  readonly live?: boolean
  readonly config?: boolean
}

export const NETWORK_SECTIONS = {
  bridge: 1,
  domain: 2,
  ip: 3,
  'ip-dhcp-host': 4,
  'ip-dhcp-range': 5,
  forward: 6,
  'forward-interface': 7,
  'forward-pf': 8,
  portgroup: 9,
  'dns-host': 10,
  'dns-txt': 11,
  'dns-srv': 12,
} as const
export type NetworkSection = keyof typeof NETWORK_SECTIONS

export interface NetworkReader {
  networks(): Promise<NetworkSummary[]>
  /** Undefined if there is no such network. */
  networkXml(network: string, options?: { inactive?: boolean }): Promise<string | undefined>
  leases(network: string): Promise<Lease[]>
}

export interface NetworkWriter {
  defineNetwork(xml: string): Promise<void>
  startNetwork(network: string): Promise<void>
  destroyNetwork(network: string): Promise<void>
  undefineNetwork(network: string): Promise<void>
  updateNetwork(network: string, update: NetworkUpdate): Promise<void>
}
