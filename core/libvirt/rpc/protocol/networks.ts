import { fixed, flag, hyper, int, list, nothing, struct, uint } from '../xdr/codec.ts'
import { maybeText, network, text } from './objects.ts'
import { flags, named, of, xml } from './procedure.ts'

const byUuid = struct({ uuid: fixed(16) })

export const networks = {
  create: of(39, struct({ network }), nothing),
  define: of(41, xml, struct({ network })),
  destroy: of(42, struct({ network }), nothing),
  xml: of(43, struct({ network, flags }), xml),
  lookupByName: of(46, named, struct({ network })),
  lookupByUuid: of(47, byUuid, struct({ network })),
  setAutostart: of(48, struct({ network, autostart: flag }), nothing),
  undefine: of(49, struct({ network }), nothing),
  /** Before libvirt 7.2 the daemon takes the first two numbers the other way round: FEATURE.networkUpdateOrder. */
  update: of(291, struct({ network, command: uint, section: uint, parentIndex: int, xml: text, flags }), nothing),
  leases: of(
    341,
    struct({ network, mac: maybeText, wanted: int, flags }),
    struct({
      leases: list(
        struct({
          interface: text,
          expiry: hyper,
          type: int,
          mac: maybeText,
          iaid: maybeText,
          address: text,
          prefix: uint,
          hostname: maybeText,
          client: maybeText,
        }),
        65_536,
      ),
      count: uint,
    }),
  ),
} as const
