import { int, list, nothing, struct } from '../xdr/codec.ts'
import { checkpoint, domain, LIST_MAX, snapshot, text } from './objects.ts'
import { flags, of, xml } from './procedure.ts'

const domainFlags = struct({ domain, flags })
const domainXml = struct({ domain, xml: text, flags })
const onSnapshot = struct({ snapshot, flags })

export const snapshots = {
  create: of(185, domainXml, struct({ snapshot })),
  xml: of(186, onSnapshot, xml),
  lookup: of(189, struct({ domain, name: text, flags }), struct({ snapshot })),
  current: of(191, domainFlags, struct({ snapshot })),
  revert: of(192, onSnapshot, nothing),
  delete: of(193, onSnapshot, nothing),
  list: of(274, struct({ domain, wanted: int, flags }), struct({ snapshots: list(snapshot, LIST_MAX), count: int })),
  listCheckpoints: of(
    413,
    struct({ domain, wanted: int, flags }),
    struct({ checkpoints: list(checkpoint, LIST_MAX), count: int }),
  ),
} as const
