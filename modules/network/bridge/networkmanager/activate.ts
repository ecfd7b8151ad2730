import { type ShellText, sh } from '../../../../core/connection/quote.ts'
import type { Activation } from '../backend.ts'

/** Notes once which profile was active on which device, in the folder of the guard: two may fit, and files do not tell which it was. */
export const rememberActive = sh`[ -e nm-active ] || LC_ALL=C nmcli -t -f DEVICE,CON-UUID,STATE device >nm-active 2>/dev/null || :`

// A profile may fit several cards; a link that NetworkManager has yet to make cannot be named. nmcli's status 3 is its time limit: whether it comes about in the end is waited for by what it shall do.
const FUNCTIONS = sh`export LC_ALL=C
up() { nmcli -w 25 connection up uuid "$1" \${2:+ifname "$2"} || [ $? = 3 ]; }
active() { nmcli -t -f DEVICE,CON-UUID device | grep -qxF "$1:$2"; }
renew() { { active "$1" "$2" && nmcli device reapply "$1" 2>/dev/null; } || up "$2" "$3"; }
attach() {
  n=0; until [ -e "/sys/class/net/$3/brif/$1" ] || [ $n -ge 15 ] || ! active "$1" "$2"; do n=$((n + 1)); sleep 0.2; done
  if [ -e "/sys/class/net/$3/brif/$1" ]; then renew "$1" "$2" "$4"; else up "$2" "$4"; fi
}
was() {
  row=$(grep "^$1:" nm-active | head -n 1); row=\${row#*:}; uuid=\${row%%:*}
  case $row in :* | '' | *externally*) return 1 ;; esac
}
state() { nmcli -t -f GENERAL.STATE device show "$1" 2>/dev/null; }
own() {
  n=0; while :; do
    case $(state "$1") in '' | *':10 '* | *':100 '*) return ;; *':30 '*) [ $n -lt 8 ] || break ;; esac
    [ $n -lt 80 ] || return 0
    n=$((n + 1)); sleep 0.25
  done
  # Where NetworkManager gives a card without a profile one by itself, it does so only when it meets the card.
  if nmcli -t -f CONNECTIONS.AVAILABLE-CONNECTIONS device show "$1" | grep -q . || ! NetworkManager --print-config 2>/dev/null | grep -q '^no-auto-default=.*[*]'; then
    nmcli -w 25 device connect "$1" || :
  fi
}`

/** UUIDs of profiles: the bridge's, and a port's; `own` is that of an interface whose one profile is a port's and its own in turn. */
export interface ActivationProfiles {
  readonly bridge: string
  port(name: string): string
  own(name: string): string | undefined
}

/**
 * Has NetworkManager read its files, and brings up the bridge and its ports by these profiles; freed interfaces get what it
 * thinks best for them. When an older state is put back, each interface gets the profile that it had.
 */
export function activateProfiles(activation: Activation, profiles: ActivationProfiles): ShellText {
  const { bridge, gone, ports, free, restore } = activation
  // A link that NetworkManager makes goes with its last activation, and cannot be named before the next.
  const card = (name: string): string => (profiles.own(name) === undefined ? name : '')
  const forward = [
    ...(bridge === undefined
      ? []
      : [
          sh`renew ${bridge} ${profiles.bridge} ''`,
          ...ports.map((port) => sh`attach ${port} ${profiles.port(port)} ${bridge} ${card(port)}`),
        ]),
    ...free.map((one) => (card(one) === '' ? sh`up ${profiles.own(one) ?? ''} ''` : sh`own ${one}`)),
  ]
  const back = [
    ...(bridge === undefined ? [] : [sh`was ${bridge} && renew ${bridge} "$uuid" '' || :`]),
    ...[...ports, ...free].map((one) =>
      card(one) === '' ? sh`was ${one} && up "$uuid" '' || :` : sh`was ${one} && renew ${one} "$uuid" ${one} || :`,
    ),
  ]
  const remove =
    gone === undefined
      ? sh`:`
      : sh`n=0; while [ -e /sys/class/net/${gone} ] && [ $n -lt 10 ]; do n=$((n + 1)); sleep 0.2; done
ip link del dev ${gone} 2>/dev/null || :`
  return sh.join([FUNCTIONS, sh`nmcli connection reload`, remove, ...(restore ? back : forward)])
}
