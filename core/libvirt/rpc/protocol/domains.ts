import { PROGRAM } from '../wire/packet.ts'
import { fixed, flag, int, list, nothing, struct, uhyper, uint } from '../xdr/codec.ts'
import { domain, maybeText, parameter, text } from './objects.ts'
import { flags, named, of, xml } from './procedure.ts'

const byUuid = struct({ uuid: fixed(16) })
const onDomain = struct({ domain })
const domainFlags = struct({ domain, flags })
const domainXml = struct({ domain, xml: text, flags })

export const domains = {
  xml: of(14, domainFlags, xml),
  lookupByName: of(23, named, onDomain),
  lookupByUuid: of(24, byUuid, onDomain),
  reboot: of(27, domainFlags, nothing),
  resume: of(28, onDomain, nothing),
  setAutostart: of(29, struct({ domain, autostart: flag }), nothing),
  suspend: of(34, onDomain, nothing),
  attachDevice: of(160, domainXml, nothing),
  detachDevice: of(161, domainXml, nothing),
  abortJob: of(164, onDomain, nothing),
  updateDevice: of(174, domainXml, nothing),
  managedSave: of(182, domainFlags, nothing),
  removeManagedSave: of(184, domainFlags, nothing),
  create: of(196, domainFlags, onDomain),
  setVcpus: of(199, struct({ domain, count: uint, flags }), nothing),
  setMemory: of(204, struct({ domain, kib: uhyper, flags }), nothing),
  state: of(212, domainFlags, struct({ state: int, reason: int })),
  undefine: of(231, domainFlags, nothing),
  destroy: of(234, domainFlags, nothing),
  abortBlockJob: of(237, struct({ domain, disk: text, flags }), nothing),
  blockJob: of(
    238,
    struct({ domain, disk: text, flags }),
    struct({ found: flag, type: int, bandwidth: uhyper, current: uhyper, end: uhyper }),
  ),
  reset: of(245, domainFlags, nothing),
  resizeBlock: of(251, struct({ domain, disk: text, size: uhyper, flags }), nothing),
  shutdown: of(258, domainFlags, nothing),
  setMetadata: of(
    264,
    struct({ domain, type: int, metadata: maybeText, key: maybeText, uri: maybeText, flags }),
    nothing,
  ),
  metadata: of(265, struct({ domain, type: int, uri: maybeText, flags }), struct({ metadata: text })),
  wake: of(267, domainFlags, nothing),
  commitBlock: of(
    290,
    struct({ domain, disk: text, base: maybeText, top: maybeText, bandwidth: uhyper, flags }),
    nothing,
  ),
  jobStats: of(298, domainFlags, struct({ type: int, parameters: list(parameter, 64) })),
  define: of(350, struct({ xml: text, flags }), onDomain),
  addresses: of(
    353,
    struct({ domain, source: uint, flags }),
    struct({
      interfaces: list(
        struct({
          name: text,
          mac: maybeText,
          addresses: list(struct({ type: int, address: text, prefix: uint }), 2048),
        }),
        2048,
      ),
    }),
  ),
  rename: of(358, struct({ domain, name: maybeText, flags }), struct({ result: int })),
  /** Of the program of QEMU. */
  agentCommand: {
    ...of(3, struct({ domain, command: text, timeout: int, flags }), struct({ result: maybeText })),
    program: PROGRAM.qemu,
  },
} as const
