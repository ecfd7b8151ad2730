/*
 * libvirt as one daemon for each driver, as Fedora, Enterprise Linux and openSUSE have it. Debian builds libvirtd alone, so these
 * are made of the source of Debian's own package, for the libvirt that the container already has.
 */

const tools =
  'gcc libc6-dev patch meson ninja-build pkg-config gettext libxml2-utils xsltproc python3-docutils xz-utils libglib2.0-dev libgnutls28-dev libxml2-dev libtirpc-dev libjson-c-dev libcap-ng-dev libnl-3-dev libnl-route-3-dev libudev-dev libpciaccess-dev'
const drivers = ['qemu', 'network', 'nodedev', 'nwfilter', 'secret', 'storage', 'interface'].map(
  (name) => `virt${name}d`,
)

const on =
  'driver_remote driver_libvirtd driver_qemu driver_network driver_secrets driver_interface storage_dir storage_fs'
const also = 'udev pciaccess json_c libnl capng polkit'
const off = 'docs tests nls host_validate firewalld'
const options = [
  '--prefix=/usr --libdir=lib/x86_64-linux-gnu --libexecdir=lib/libvirt --sysconfdir=/etc --localstatedir=/var',
  '--buildtype=plain --auto-features=disabled -Drunstatedir=/run -Dinit_script=systemd',
  '-Dqemu_user=libvirt-qemu -Dqemu_group=libvirt-qemu -Dfirewall_backend_priority=iptables',
  ...`${on} ${also}`.split(' ').map((name) => `-D${name}=enabled`),
  ...off.split(' ').map((name) => `-D${name}=disabled`),
].join(' ')

/** Builds in a copy of the parent in $BUILD, whose tools do not come into the image; leaves the daemons in $BUILD/root/made. */
const build = `
BUILD="$OUT/build"
cp -a --reflink=auto "$PARENT/root" "$BUILD"
cp -L /etc/resolv.conf "$BUILD/etc/resolv.conf"
mount -t proc proc "$BUILD/proc"
sed 's/^deb /deb-src /' "$BUILD/etc/apt/sources.list" > "$BUILD/etc/apt/sources.list.d/source.list"
cat > "$BUILD/root/make" <<'END'
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -y -q --no-install-recommends install ${tools}
cd /root
apt-get -q source --print-uris libvirt | sed -n "s/^'\\(.*[.]\\(orig\\|debian\\)[.]tar[.]xz\\)' [^ ]* [^ ]* /\\1 \\2.tar.xz /p" > source
xargs -n 3 /usr/lib/apt/apt-helper download-file < source
mkdir source.d
tar -xJf orig.tar.xz -C source.d --strip-components=1
tar -xJf debian.tar.xz -C source.d
grep -v '^#' source.d/debian/patches/series | while read -r name; do patch -d source.d -p1 < "source.d/debian/patches/$name"; done
meson setup source.d/build source.d ${options}
ninja -C source.d/build
DESTDIR=/root/made meson install -C source.d/build --no-rebuild
END
chroot "$BUILD" sh -eu /root/make
umount "$BUILD/proc"
`

/** The script of the stage; `begin` and `end` are what a stage begins and ends with. */
export const modularLayer = (begin: string, end: string): string => `${build}
${begin}
cp -a "$BUILD/root/made/usr/." "$ROOT/usr/"
cp -an "$BUILD/root/made/etc/." "$ROOT/etc/"
rm -rf "$BUILD"
chroot "$ROOT" systemctl disable libvirtd.service libvirtd.socket
chroot "$ROOT" systemctl mask libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket
chroot "$ROOT" systemctl enable virtlogd.socket ${drivers.map((name) => `${name}.socket`).join(' ')}
for name in ${drivers.join(' ')}; do printf 'host_uuid_source = "machine-id"\\n' >> "$ROOT/etc/libvirt/$name.conf"; done
${end}`
