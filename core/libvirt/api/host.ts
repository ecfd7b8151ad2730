export interface LibvirtVersions {
  /** As libvirt writes them: `9.0.0`, `7.2.13`. */
  readonly library: string
  readonly hypervisor: string | undefined
}

export interface NodeInfo {
  readonly model: string
  readonly memoryKiB: number
  readonly cpus: number
  readonly mhz: number
  readonly nodes: number
  readonly sockets: number
  readonly cores: number
  readonly threads: number
}

/** What a question about CPUs and capabilities is asked for; the host's own where it is not said. */
export interface Machine {
  readonly emulator?: string
  readonly arch?: string
  readonly machine?: string
  readonly virttype?: string
}

export interface HostReader {
  /** Whether a daemon answers on that host, and if not, why: `not installed`, `not running`, or the error's text. */
  available(): Promise<{ ok: true; versions: LibvirtVersions } | { ok: false; reason: string }>
  capabilities(): Promise<string>
  domainCapabilities(machine?: Machine): Promise<string>
  nodeInfo(): Promise<NodeInfo>
  /** In bytes. */
  freeMemory(): Promise<number>
  hostname(): Promise<string>
  /** Whether the host's hypervisor can give a guest this `<cpu>`; if not, what is missing. */
  compareCpu(xml: string, machine?: Machine): Promise<{ fits: true } | { fits: false; why: string }>
}
