import { characters, flag, int, list, nothing, optional, struct, uhyper, uint } from '../xdr/codec.ts'
import { domain, LIST_MAX, maybeText, network, parameter, pool, text } from './objects.ts'
import { flags, named, of, xml } from './procedure.ts'

const all = struct({ wanted: int, flags })

export const connect = {
  open: of(1, struct({ name: maybeText, flags }), nothing),
  close: of(2, nothing, nothing),
  version: of(4, nothing, struct({ version: uhyper })),
  nodeInfo: of(
    6,
    nothing,
    struct({
      model: characters(32),
      memory: uhyper,
      cpus: int,
      mhz: int,
      nodes: int,
      sockets: int,
      cores: int,
      threads: int,
    }),
  ),
  capabilities: of(7, nothing, xml),
  hostname: of(59, nothing, named),
  supportsFeature: of(60, struct({ feature: int }), struct({ supported: flag })),
  authList: of(66, nothing, struct({ types: list(int, 20) })),
  authPolkit: of(70, nothing, struct({ complete: flag })),
  freeMemory: of(102, nothing, struct({ bytes: uhyper })),
  libraryVersion: of(157, nothing, struct({ version: uhyper })),
  listDomains: of(273, all, struct({ domains: list(domain, LIST_MAX), count: uint })),
  listPools: of(281, all, struct({ pools: list(pool, LIST_MAX), count: uint })),
  listNetworks: of(283, all, struct({ networks: list(network, LIST_MAX), count: uint })),
  registerEvent: of(316, struct({ event: int, domain: optional(domain) }), struct({ callback: int })),
  deregisterEvent: of(317, struct({ callback: int }), nothing),
  domainCapabilities: of(
    342,
    struct({ emulator: maybeText, arch: maybeText, machine: maybeText, virttype: maybeText, flags }),
    xml,
  ),
  domainStats: of(
    344,
    struct({ domains: list(domain, LIST_MAX), stats: uint, flags }),
    struct({ records: list(struct({ domain, parameters: list(parameter, 262_144) }), LIST_MAX) }),
  ),
  compareCpu: of(
    393,
    struct({ emulator: maybeText, arch: maybeText, machine: maybeText, virttype: maybeText, xml: text, flags }),
    struct({ result: int }),
  ),
} as const
