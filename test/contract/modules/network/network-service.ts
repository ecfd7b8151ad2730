/**
 * A script that makes `ifup` and `ifdown` for ifcfg files in that folder, as far as bridges and addresses need them: what
 * sysconfig.txt of initscripts says of these variables, in as few lines as that takes.
 */
export const networkService = (
  folder: string,
): string => `mkdir -p ${folder}; : > ${folder}/ifup-eth; chmod 755 ${folder}/ifup-eth
cat > /usr/local/sbin/ifup <<'END'
#!/bin/sh
. ${folder}/ifcfg-$1 || exit 1
exists() { [ -e "/sys/class/net/$1" ]; }
if [ "$TYPE" = Bridge ]; then
  exists "$DEVICE" || ip link add "$DEVICE" type bridge || exit 1
  [ "$STP" = yes ] && stp=1 || stp=0
  ip link set "$DEVICE" type bridge stp_state $stp || exit 1
  for option in $BRIDGING_OPTS; do ip link set "$DEVICE" type bridge "\${option%%=*}" "\${option#*=}" || exit 1; done
fi
[ -z "$MACADDR" ] || ip link set "$DEVICE" address "$MACADDR"
[ -z "$MTU" ] || ip link set "$DEVICE" mtu "$MTU"
if [ -n "$BRIDGE" ]; then
  exists "$BRIDGE" || ip link add "$BRIDGE" type bridge
  ip addr flush dev "$DEVICE"; ip link set "$DEVICE" up master "$BRIDGE"
  exit
fi
ip link set "$DEVICE" up || exit 1
[ -z "$IPADDR" ] || ip addr replace "$IPADDR/$PREFIX" dev "$DEVICE"
[ -z "$IPADDR1" ] || ip addr replace "$IPADDR1/$PREFIX1" dev "$DEVICE"
[ -z "$GATEWAY" ] || ip route replace default via "$GATEWAY" dev "$DEVICE"
if [ "$IPV6INIT" = yes ]; then for one in $IPV6ADDR $IPV6ADDR_SECONDARIES; do ip addr replace "$one" dev "$DEVICE"; done; fi
END
cat > /usr/local/sbin/ifdown <<'END'
#!/bin/sh
. ${folder}/ifcfg-$1 || exit 1
ip addr flush dev "$DEVICE" scope global; ip link set "$DEVICE" down
[ -n "$BRIDGE" ] || exit 0
ip link set "$DEVICE" nomaster
[ -n "$(ls "/sys/class/net/$BRIDGE/brif")" ] || ip link del "$BRIDGE"
END
chmod 755 /usr/local/sbin/ifup /usr/local/sbin/ifdown`
