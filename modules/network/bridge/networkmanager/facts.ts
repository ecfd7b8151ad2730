import { randomBytes } from 'node:crypto'
import { sh } from '../../../../core/connection/quote.ts'
import type { Reader } from '../../../../core/module/types.ts'
import { type FoundFiles, markedFiles } from '../config-files.ts'
import type { BridgeSpec } from '../spec.ts'
import { terse } from './nmcli.ts'
import { asideFile, bridgeFile, portFile } from './profiles.ts'

/** A device as NetworkManager sees it: `state` as nmcli says it, `uuid` of the profile that is active on it. */
export interface NmDevice {
  readonly name: string
  readonly type: string
  readonly state: string
  readonly uuid: string
}

export interface NmProfile {
  readonly uuid: string
  readonly type: string
  /** Empty where it is not active. */
  readonly device: string
  /** Empty where it is in memory only. */
  readonly file: string
}

/** What NetworkManager says of this host; empty where it does not run. */
export interface NmFacts {
  readonly devices: readonly NmDevice[]
  readonly profiles: readonly NmProfile[]
  /** Our files of that bridge, and the profiles of bridges, bonds and the like, and of the ports. */
  readonly files: FoundFiles
}

export const noNetworkManager: NmFacts = { devices: [], profiles: [], files: { paths: [], text: () => undefined } }

/** Profiles that are read whatever they are active on: none of them has a secret. */
const VIRTUAL = 'bridge|bond|team|vlan|vxlan|macvlan|dummy'

/** Reads it in one round trip. */
export async function readNetworkManager(host: Reader, spec: BridgeSpec): Promise<NmFacts> {
  const mark = `@@${randomBytes(12).toString('hex')}`
  const { name } = spec
  const answer = await host.read(sh`command -v nmcli >/dev/null && export LC_ALL=C || exit 0
devices=$(nmcli -t -f DEVICE,TYPE,STATE,CON-UUID device 2>/dev/null) || exit 0
profiles=$(nmcli -t -f UUID,TYPE,DEVICE,FILENAME connection show 2>/dev/null) || exit 0
printf '%s\n%s\n%s\n' "$devices" ${mark} "$profiles"
show() {
  [ -r "$1" ] || { echo ${mark}"-$1"; return; }
  [ "$(wc -c <"$1")" -gt 65536 ] || { echo ${mark}"r$1"; cat <"$1"; }
}
for f in ${bridgeFile(name)} ${sh.raw(glob(portFile(name, '*')))} ${sh.raw(glob(asideFile(name, '*')))}; do [ -e "$f" ] && show "$f"; done
ports=${` ${spec.ports.join(' ')} `}$(cd /sys/class/net/${name}/brif 2>/dev/null && printf '%s ' *)
printf '%s\n' "$profiles" | while IFS=: read -r uuid type device file; do
  case $file in *\\\\* | */virtfleet-${name}.nmconnection | */virtfleet-${name}+*) continue ;; /etc/*) ;; *) continue ;; esac
  case $type in ${sh.raw(VIRTUAL)}) show "$file" ;; *) case $ports in *" $device "*) [ -z "$device" ] || show "$file" ;; esac ;; esac
done
exit 0`)
  const [devices = '', profiles = '', ...files] = answer.stdout.toString().split(`${mark}`)
  if (answer.stdout.length === 0) return noNetworkManager
  return {
    devices: terse(devices).map(([device = '', type = '', state = '', uuid = '']) => ({
      name: device,
      type,
      state,
      uuid,
    })),
    profiles: terse(profiles).map(([uuid = '', type = '', device = '', file = '']) => ({ uuid, type, device, file })),
    files: markedFiles(files),
  }
}

/** A path with one star, for the shell to expand. */
const glob = (path: string): string =>
  path
    .split('*')
    .map((part) => sh`${part}`.text)
    .join('*')
