import { fixed, flag, int, list, nothing, struct, uhyper, uint } from '../xdr/codec.ts'
import { LIST_MAX, pool, text, volume } from './objects.ts'
import { flags, named, of, xml } from './procedure.ts'

const byUuid = struct({ uuid: fixed(16) })
const poolFlags = struct({ pool, flags })
const volumeFlags = struct({ volume, flags })
const volumeRange = struct({ volume, offset: uhyper, length: uhyper, flags })

export const storage = {
  define: of(77, struct({ xml: text, flags }), struct({ pool })),
  start: of(78, poolFlags, nothing),
  build: of(79, poolFlags, nothing),
  destroy: of(80, struct({ pool }), nothing),
  delete: of(81, poolFlags, nothing),
  undefine: of(82, struct({ pool }), nothing),
  refresh: of(83, poolFlags, nothing),
  lookupByName: of(84, named, struct({ pool })),
  lookupByUuid: of(85, byUuid, struct({ pool })),
  info: of(87, struct({ pool }), struct({ state: int, capacity: uhyper, allocation: uhyper, available: uhyper })),
  xml: of(88, poolFlags, xml),
  setAutostart: of(90, struct({ pool, autostart: flag }), nothing),
  createVolume: of(93, struct({ pool, xml: text, flags }), struct({ volume })),
  deleteVolume: of(94, volumeFlags, nothing),
  volumeByPath: of(97, struct({ path: text }), struct({ volume })),
  volumeInfo: of(98, struct({ volume }), struct({ type: int, capacity: uhyper, allocation: uhyper })),
  volumeXml: of(99, volumeFlags, xml),
  volumePath: of(100, struct({ volume }), struct({ path: text })),
  cloneVolume: of(125, struct({ pool, xml: text, from: volume, flags }), struct({ volume })),
  wipeVolume: of(259, struct({ volume, algorithm: uint, flags }), nothing),
  /** Both open a stream. */
  upload: of(208, volumeRange, nothing),
  download: of(209, volumeRange, nothing),
  resizeVolume: of(260, struct({ volume, capacity: uhyper, flags }), nothing),
  listVolumes: of(282, struct({ pool, wanted: int, flags }), struct({ volumes: list(volume, LIST_MAX), count: uint })),
} as const
