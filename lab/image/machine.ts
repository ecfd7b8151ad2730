/** Shell functions: the kernel's modules in the order of their dependencies, and a packed initrd of them. */
export const modulesInOrder = `modules() { for m in "$@"; do chroot "$ROOT" modprobe -S "$KERNEL" --show-depends "$m"; done | awk '$1=="insmod" && !seen[$2]++ {print $2}'; }
pack() {
  mkdir -p "$1/bin" "$1/modules" "$1/dev" "$1/proc" "$1/sys" "$1/root"
  cp "$BUSYBOX" "$1/bin/busybox"
  order=10
  for file in $(modules $2); do cp "$ROOT$file" "$1/modules/$order-\${file##*/}"; order=$((order + 1)); done
  chmod 755 "$1/init"
  (cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet)
}`

/** First program of an emulated machine: loads the disk's driver, lays the machine's seed once, and starts the real init. */
export const machineInit = `#!/bin/busybox sh
export PATH=/bin
for applet in mount umount insmod sleep switch_root cp touch; do busybox ln -s busybox /bin/$applet; done
mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sysfs /sys
for module in /modules/*.ko; do insmod "$module"; done
tries=0; while [ ! -b /dev/vda ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
mount -t ext4 -o rw,noatime /dev/vda /root
if [ -d /seed ] && [ ! -e /root/var/lib/lab-seeded ]; then cp -a /seed/. /root/ && touch /root/var/lib/lab-seeded; fi
mount -o move /dev /root/dev; umount /proc; umount /sys
exec switch_root /root /sbin/init
`

/** The whole of a nested guest: takes an address from DHCP, answers ping, says its name on the console, powers off on ACPI. */
export const guestInit = `#!/bin/busybox sh
export PATH=/bin
busybox mount -t proc proc /proc
busybox mount -t devtmpfs dev /dev; busybox mount -t sysfs sysfs /sys
exec >/dev/console 2>&1
for module in /modules/*.ko; do
  case $module in *virtio_blk.ko | *button.ko | *evdev.ko) ;; *) busybox insmod "$module" ;; esac
done
until [ -e /sys/class/net/eth0 ]; do busybox usleep 20000; done
read -r line < /proc/cmdline
name=
for word in $line; do case $word in virtfleet.hostname=*) name=\${word#*=} ;; esac; done
read -r mac < /sys/class/net/eth0/address
[ -n "$name" ] || { IFS=:; set -- $mac; unset IFS; name=guest-$4$5$6; }
echo "$name" > /proc/sys/kernel/hostname
busybox ip link set eth0 up
echo "virtfleet-guest: $name is up"
busybox udhcpc -f -t 60 -T 2 -A 2 -i eth0 -s /bin/lease -x "hostname:$name" >/dev/null 2>&1 &
until [ -e /leased ]; do busybox sleep 1; done
for module in /modules/*.ko; do
  case $module in *virtio_blk.ko | *button.ko | *evdev.ko) busybox insmod "$module" ;; esac
done
busybox ip link set lo up
busybox acpid -d >/dev/null 2>&1 &
while :; do busybox sleep 3600 & wait; done
`

/** What the guest's DHCP client calls with what it was given. */
export const guestLease = `#!/bin/busybox sh
case $1 in bound | renew) ;; *) exit 0 ;; esac
[ -z "$hostname" ] || echo "$hostname" > /proc/sys/kernel/hostname
busybox ifconfig eth0 "$ip" netmask "\${subnet:-255.255.255.0}"
[ -z "$router" ] || busybox route add default gw "\${router%% *}" 2>/dev/null
read -r name < /proc/sys/kernel/hostname
echo "virtfleet-guest: $name has $ip" > /dev/console
: > /leased
`

/** What a lab guest's kernel is best told: a quiet console and no work that only costs time under double emulation. */
export const guestCommandLine =
  'console=ttyS0 quiet mitigations=off nokaslr norandmaps no_timer_check tsc=reliable cryptomgr.notests ipv6.disable=1 audit=0 apparmor=0 init_on_alloc=0'

/** Generators that have nothing to find on a lab machine, and that each reload of systemd, of which packages do dozens, would start. */
const idleGenerators =
  'cryptsetup debug gpt-auto hibernate-resume integritysetup rc-local run system-update veritysetup'
/** Work that comes on its own, at a time that no test chose. */
const idleUnits =
  'e2scrub_reap.service e2scrub_all.timer fstrim.timer dpkg-db-backup.timer logrotate.timer systemd-tmpfiles-clean.timer'

/** An emulated processor starts a program in a tenth of a second: packages are installed as ever, and what only surrounds that is left out. */
export const lessWork = `
mkdir -p "$ROOT/etc/systemd/system-generators"
for name in ${idleGenerators}; do ln -s /dev/null "$ROOT/etc/systemd/system-generators/systemd-$name-generator"; done
chroot "$ROOT" systemctl mask ${idleUnits}
printf 'APT::Architectures { "amd64"; };\\n#clear DPkg::Pre-Install-Pkgs;\\n' > "$ROOT/etc/apt/apt.conf.d/82virtfleet-lab"
`
