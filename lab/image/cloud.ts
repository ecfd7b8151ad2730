import { lessWork, modulesInOrder } from './machine.ts'

/** Parts of other layers. */
interface Layer {
  readonly begin: string
  readonly end: string
  readonly install: (packages: string) => string
}

/** For its kernel: as little as it takes under emulation, where what a program is compiled to is kept by its address. */
export const cloudCommandLine =
  'console=ttyS0 net.ifnames=0 mitigations=off norandmaps tsc=reliable clocksource=tsc init_on_alloc=0 apparmor=0 audit=0'

/** What a cloud image of Debian has, without what only a person at its keyboard would miss. */
const packages =
  'linux-image-cloud-amd64 initramfs-tools cloud-init cloud-guest-utils qemu-guest-agent libpam-systemd python3 e2fsprogs'

/**
 * A guest as clouds have it: cloud-init as its package configures it but for the locale, whose making takes long under emulation; the
 * agent, a network by systemd-networkd, nobody who may log in. It is booted with its kernel and an initrd that has the drivers of
 * a disk and of a CD-ROM, both of virtio; what is left is `disk.qcow2`, `kernel` and `initrd`.
 */
export const cloudLayer = ({ begin, end, install }: Layer): string => `${begin}
mkdir -p "$ROOT/etc/initramfs-tools"
printf 'update_initramfs=no\\n' > "$ROOT/etc/initramfs-tools/update-initramfs.conf"
${install(`-o Dpkg::Options::=--force-confold ${packages}`)}
chroot "$ROOT" sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -y -q purge ifupdown'
rm -f "$ROOT"/boot/initrd.img-* "$ROOT"/var/cache/apt/archives/*.deb
chroot "$ROOT" userdel -r admin
chroot "$ROOT" userdel -r ops
chroot "$ROOT" passwd -l root
rm -f "$ROOT/etc/sudoers.d/lab"
printf 'locale: C.UTF-8\\nmanage_etc_hosts: true\\n' > "$ROOT/etc/cloud/cloud.cfg.d/10_lab.cfg"
ln -sf /etc/machine-id "$ROOT/var/lib/dbus/machine-id"
chroot "$ROOT" systemctl unmask systemd-networkd-wait-online.service
chroot "$ROOT" systemctl enable systemd-networkd.service serial-getty@ttyS0.service
${lessWork}
KERNEL=$(ls "$ROOT/lib/modules")
(cd "$ROOT/tmp" && chroot "$ROOT" sh -c 'cd /tmp && apt-get -q download busybox-static && dpkg-deb -x busybox-static_*.deb /tmp/busybox')
BUSYBOX="$OUT/busybox"
mv "$ROOT/tmp/busybox/bin/busybox" "$BUSYBOX"
rm -rf "$ROOT"/tmp/*
${modulesInOrder}
mkdir "$OUT/machine"
printf '%s' "$MACHINE_INIT" > "$OUT/machine/init"
pack "$OUT/machine" "virtio_pci virtio_blk virtio_scsi sr_mod" > "$OUT/initrd"
cp "$ROOT"/boot/vmlinuz-* "$OUT/kernel"
rm -rf "$OUT/machine" "$BUSYBOX"
${end}
rm -rf "$ROOT"/var/lib/apt/lists/* "$ROOT"/var/cache/apt/*.bin
echo "virtfleet-lab: writing the disk"
mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -L root -d "$ROOT" "$OUT/disk.raw" 3G
qemu-img convert -O qcow2 "$OUT/disk.raw" "$OUT/disk.qcow2"
rm -rf "$OUT/disk.raw" "$ROOT"
`
