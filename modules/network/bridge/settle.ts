import { type ShellText, sh } from '../../../core/connection/quote.ts'
import { type BridgeSpec, forwardDelay } from './spec.ts'

/**
 * Waits until the configuration that is in force has made the bridge, its ports and its addresses; fails where it does not,
 * as it would not at a boot either, until the host's uptime is `$deadline` seconds. Sets what a backend does not change on a bridge that is there, and puts guests back.
 */
export function settle(spec: BridgeSpec, taps: readonly string[]): ShellText {
  const { name, ports, gateway4 } = spec
  const keep = ` ${[...ports, ...taps].join(' ')} `
  return sh`await() {
  until eval "$2"; do read -r up rest < /proc/uptime; [ "\${up%%.*}" -lt "$deadline" ] || { echo "$1" >&2; exit 1; }; sleep 0.2; done
}
await ${`${name} did not appear`} ${sh`[ -d /sys/class/net/${name}/bridge ]`.text}
for i in ${ports}; do await "$i did not become a port of "${name} ${sh`[ -e /sys/class/net/${name}/brif/$i ]`.text}; done
for i in $(ls /sys/class/net/${name}/brif); do case ${keep} in *" $i "*) ;; *) ip link set dev "$i" nomaster;; esac; done
for i in ${taps}; do ip link set dev "$i" master ${name} 2>/dev/null || :; done
for i in ${ports}; do ip addr flush dev "$i" scope global; done
ip link set dev ${name} type bridge stp_state ${spec.stp ? 1 : 0} forward_delay ${forwardDelay(spec) * 100}
${spec.mac === undefined ? sh`:` : sh`ip link set dev ${name} address ${spec.mac}`}
${spec.mtu === undefined ? sh`:` : sh`for i in ${[...ports, name]}; do ip link set dev "$i" mtu ${spec.mtu}; done`}
ip link set dev ${name} up
for a in ${spec.addresses}; do await ${name}" did not get $a" ${sh`ip -o addr show dev ${name} | grep -qF " $a "`.text}; done
${gateway4 === undefined ? sh`:` : sh`await ${`${name} did not get its gateway`} ${sh`ip -4 route show default dev ${name} | grep -qF ${gateway4}`.text}`}
${spec.dhcp4 ? sh`await ${`${name} got no address by DHCP`} ${sh`ip -4 -o addr show dev ${name} scope global | grep -q inet`.text}` : sh`:`}`
}
