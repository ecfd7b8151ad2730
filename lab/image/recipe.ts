import { createHash } from 'node:crypto'
import { cloudLayer } from './cloud.ts'
import { guestInit, guestLease, lessWork, machineInit, modulesInOrder } from './machine.ts'
import { modularLayer } from './modular.ts'

/** A Debian beside the lab's own (bookworm) whose libvirt can be had in a container. */
export type OtherRelease = 'bullseye' | 'trixie'
/**
 * What a container image carries: a bare server with many shells; the same with libvirt; with netplan; with firewalls and
 * SELinux's tools; the libvirt of another Debian; libvirt as one daemon for each driver.
 */
export type ContainerVariant = 'plain' | 'libvirt' | 'network' | 'security' | `libvirt-${OtherRelease}` | 'modular'
/** One product of the image cache. */
export type StageName = 'base' | 'vm' | 'cloud' | `base-${OtherRelease}` | ContainerVariant

/** Everything about this machine that goes into an image; part of the cache key. */
export interface Surroundings {
  suite: string
  mirror: string
  securityMirror: string
  /** apt.conf lines: proxies and date checks that this machine's own apt needs. */
  aptConf: string
  /** Certificates (PEM) that this machine trusts beside Debian's own, by file name. */
  certificates: Readonly<Record<string, string>>
}

/** Passwords of the lab's users, for tests of sudo and su: `ops` may sudo with hers, `admin` without one. */
export const labPasswords = { root: 'lab-root-secret', admin: 'lab-admin-secret', ops: 'lab-ops-secret' } as const

const bare =
  'systemd systemd-sysv dbus udev openssh-server sudo ca-certificates iproute2 ifupdown iputils-ping kmod procps netbase tzdata less'
/** What Debian's own installer puts on a server beyond the minimal base; libvirt, NFS and Python are not there. */
const server =
  'libpam-systemd logrotate cron dmidecode nftables xz-utils bzip2 file libicu72 libxml2 libldap-2.5-0 libcurl3-gnutls libsqlite3-0 libreadline8 media-types'
const tools = 'acl attr psmisc bridge-utils nftables'
const shells = `bash busybox mksh opendoas tcsh fish ${tools}`
const libvirt = 'libvirt-daemon-system libvirt-clients qemu-system-x86 qemu-utils'
/** UEFI for guests, TPMs for them, and what pools of disks and volume groups are made with. */
const devices: Readonly<Record<'bookworm' | OtherRelease, string>> = {
  bullseye: 'ovmf parted lvm2',
  bookworm: 'ovmf swtpm swtpm-tools parted lvm2',
  trixie: 'ovmf swtpm swtpm-tools parted lvm2 libvirt-daemon-driver-storage-disk libvirt-daemon-driver-storage-logical',
}
const playbook = `${libvirt} libvirt-daemon-driver-qemu dnsmasq-base iptables nfs-kernel-server nfs-common bridge-utils netcat-openbsd chrony`

const apt = 'DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends'

const base = `
debootstrap --variant=minbase --include=${bare.replaceAll(' ', ',')} "$SUITE" "$ROOT" "$MIRROR"
cat > "$ROOT/etc/apt/sources.list" <<END
deb $MIRROR $SUITE main
deb $MIRROR $SUITE-updates main
deb $SECURITY_MIRROR $SUITE-security main
END
printf '%s' "$APT_CONF" > "$ROOT/etc/apt/apt.conf.d/80virtfleet-lab"
printf 'Acquire::Languages "none";\\n' > "$ROOT/etc/apt/apt.conf.d/81virtfleet-lab"
cat > "$ROOT/etc/dpkg/dpkg.cfg.d/virtfleet-lab" <<END
force-unsafe-io
path-exclude=/usr/share/man/*
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/locale/*
END
cp -r "$CERTIFICATES/." "$ROOT/usr/local/share/ca-certificates/"
chroot "$ROOT" update-ca-certificates
cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
chroot "$ROOT" apt-get -q update
chroot "$ROOT" sh -c '${apt} dist-upgrade'
chroot "$ROOT" useradd -m -s /bin/bash admin
chroot "$ROOT" useradd -m -s /bin/sh ops
printf 'root:${labPasswords.root}\\nadmin:${labPasswords.admin}\\nops:${labPasswords.ops}\\n' | chroot "$ROOT" chpasswd
printf 'admin ALL=(ALL:ALL) NOPASSWD: ALL\\nops ALL=(ALL:ALL) ALL\\n' > "$ROOT/etc/sudoers.d/lab"
chmod 440 "$ROOT/etc/sudoers.d/lab"
chroot "$ROOT" systemctl disable apt-daily.timer apt-daily-upgrade.timer
chroot "$ROOT" systemctl mask getty@tty1.service systemd-networkd-wait-online.service
chroot "$ROOT" systemctl set-default multi-user.target
rm -f "$ROOT"/etc/ssh/ssh_host_* "$ROOT/etc/resolv.conf" "$ROOT"/var/cache/apt/archives/*.deb
: > "$ROOT/etc/machine-id"
`

const begin = `
cp -a --reflink=auto "$PARENT/root" "$ROOT"
printf '#!/bin/sh\\nexit 101\\n' > "$ROOT/usr/sbin/policy-rc.d"
chmod 755 "$ROOT/usr/sbin/policy-rc.d"
cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
mount -t proc proc "$ROOT/proc"
`
const end = `
umount "$ROOT/proc"
rm -f "$ROOT/usr/sbin/policy-rc.d" "$ROOT/etc/resolv.conf"
: > "$ROOT/etc/machine-id"
`
const install = (packages: string) => `chroot "$ROOT" sh -c '${apt} install ${packages}'`
const forgetArchives = 'rm -f "$ROOT"/var/cache/apt/archives/*.deb'

const plain = `${begin}
${install(shells)}
printf 'permit persist :wheel\\npermit nopass admin as root\\npermit ops as root\\n' > "$ROOT/etc/doas.conf"
chmod 600 "$ROOT/etc/doas.conf"
mkdir -p "$ROOT/etc/systemd/network"
ln -s /dev/null "$ROOT/etc/systemd/network/80-container-host0.network"
${forgetArchives}
${end}`

const libvirtLayer = (suite: keyof typeof devices): string => `${begin}
${install(`${libvirt} dnsmasq-base iptables netcat-openbsd ${devices[suite]}`)}
printf 'cgroup_controllers = []\\nsecurity_driver = "none"\\nnamespaces = []\\n' >> "$ROOT/etc/libvirt/qemu.conf"
printf 'host_uuid_source = "machine-id"\\n' >> "$ROOT/etc/libvirt/libvirtd.conf"
${forgetArchives}
${end}`

/** The libvirt of another Debian, on its bare system. */
const otherLibvirtLayer = (suite: OtherRelease): string =>
  libvirtLayer(suite).replace(
    begin,
    () => `${begin}
mkdir -p "$ROOT/etc/systemd/network"
ln -s /dev/null "$ROOT/etc/systemd/network/80-container-host0.network"
${install(`busybox e2fsprogs python3 ${tools}`)}`,
  )

const networkLayer = `${begin}
${install('netplan.io network-manager')}
chroot "$ROOT" systemctl disable NetworkManager NetworkManager-wait-online NetworkManager-dispatcher
${forgetArchives}
${end}`

/** No firewall is on, and SELinux is not in the kernel's boot: what a test wants, it begins. */
const securityLayer = `${begin}
${install('firewalld ufw policycoreutils policycoreutils-python-utils selinux-policy-default')}
chroot "$ROOT" systemctl disable firewalld
${forgetArchives}
${end}`

const vm = `${begin}
mkdir -p "$ROOT/etc/initramfs-tools"
printf 'update_initramfs=no\\n' > "$ROOT/etc/initramfs-tools/update-initramfs.conf"
${install(`-o Dpkg::Options::=--force-confold linux-image-cloud-amd64 initramfs-tools ${server}`)}
rm -f "$ROOT"/boot/initrd.img-* "$ROOT"/var/cache/apt/archives/*.deb
chroot "$ROOT" systemctl enable serial-getty@ttyS0.service
${lessWork}
chroot "$ROOT" sh -c '${apt} install --download-only ${playbook}'
chroot "$ROOT" apt-cache gencaches
KERNEL=$(ls "$ROOT/lib/modules")
(cd "$ROOT/tmp" && chroot "$ROOT" sh -c 'cd /tmp && apt-get -q download busybox-static && dpkg-deb -x busybox-static_*.deb /tmp/busybox')
BUSYBOX="$OUT/busybox"
mv "$ROOT/tmp/busybox/bin/busybox" "$BUSYBOX"
rm -rf "$ROOT"/tmp/*
${modulesInOrder}
mkdir "$OUT/machine" "$OUT/guest"
printf '%s' "$MACHINE_INIT" > "$OUT/machine/init"
printf '%s' "$GUEST_INIT" > "$OUT/guest/init"
mkdir -p "$OUT/guest/bin" "$OUT/guest/etc/acpi/PWRF"
printf '%s' "$GUEST_LEASE" > "$OUT/guest/bin/lease"
printf '#!/bin/busybox sh\\nbusybox poweroff -f\\n' > "$OUT/guest/etc/acpi/PWRF/00000080"
chmod 755 "$OUT/guest/bin/lease" "$OUT/guest/etc/acpi/PWRF/00000080"
pack "$OUT/machine" "virtio_pci virtio_blk" > "$OUT/initrd"
pack "$OUT/guest" "virtio_pci virtio_blk virtio_net button evdev af_packet" > "$OUT/guest-initrd"
cp "$ROOT"/boot/vmlinuz-* "$OUT/kernel"
ln "$OUT/kernel" "$OUT/guest-kernel"
rm -rf "$OUT/machine" "$OUT/guest" "$BUSYBOX"
mkdir "$OUT/guest"
echo 'the disk of a lab guest' > "$OUT/guest/README"
mke2fs -q -t ext4 -O ^has_journal -L guest -d "$OUT/guest" "$OUT/guest.raw" 32M
qemu-img convert -O qcow2 "$OUT/guest.raw" "$OUT/guest-disk.qcow2"
rm -rf "$OUT/guest" "$OUT/guest.raw"
${end}
echo "virtfleet-lab: writing the disk"
mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -L root -d "$ROOT" "$OUT/disk.raw" 16G
qemu-img convert -O qcow2 "$OUT/disk.raw" "$OUT/disk.qcow2"
rm -rf "$OUT/disk.raw" "$ROOT"
`

/** How a stage is made: its parent's folder is $PARENT, what it leaves is $OUT (a root file system in $OUT/root). */
export interface Stage {
  parent?: StageName
  /** The Debian that it is, where that is not the lab's own. */
  suite?: OtherRelease
  script: string
  /** What the user reads while it is made. */
  title: string
  /** About how many lines the script prints, for the progress. */
  lines: number
  env?: Readonly<Record<string, string>>
}

function otherDebian<R extends OtherRelease>(suite: R): Readonly<Record<`base-${R}` | `libvirt-${R}`, Stage>>
function otherDebian(suite: OtherRelease): Partial<Record<StageName, Stage>> {
  return {
    [`base-${suite}`]: { suite, script: base, title: `base system of ${suite}`, lines: 560 },
    [`libvirt-${suite}`]: {
      parent: `base-${suite}`,
      script: otherLibvirtLayer(suite),
      title: `container image with the libvirt of ${suite}`,
      lines: 800,
    },
  }
}

/** The whole recipe. A stage's cache key covers its script, its parent and the surroundings. */
export const stages: Readonly<Record<StageName, Stage>> = {
  base: { script: base, title: 'base system', lines: 560 },
  plain: { parent: 'base', script: plain, title: 'container image', lines: 250 },
  libvirt: { parent: 'plain', script: libvirtLayer('bookworm'), title: 'container image with libvirt', lines: 700 },
  network: {
    parent: 'plain',
    script: networkLayer,
    title: 'container image with netplan and NetworkManager',
    lines: 140,
  },
  ...otherDebian('bullseye'),
  ...otherDebian('trixie'),
  modular: {
    parent: 'libvirt-trixie',
    script: modularLayer(begin, end),
    title: 'container image with modular libvirt',
    lines: 1700,
  },
  security: { parent: 'plain', script: securityLayer, title: 'container image with firewalls', lines: 200 },
  vm: {
    parent: 'base',
    script: vm,
    title: 'machine image',
    lines: 350,
    env: { MACHINE_INIT: machineInit, GUEST_INIT: guestInit, GUEST_LEASE: guestLease },
  },
  cloud: {
    parent: 'base',
    script: cloudLayer({ begin, end, install }),
    title: 'guest with cloud-init',
    lines: 330,
    env: { MACHINE_INIT: machineInit },
  },
}

/** The stages to make, in order, to have the wanted one. */
export function lineage(wanted: StageName): StageName[] {
  const parent = stages[wanted].parent
  return parent ? [...lineage(parent), wanted] : [wanted]
}

/** The cache key of a stage: a folder name such as `plain-3f2a9c01d4be`. */
export function stageKey(name: StageName, surroundings: Surroundings): string {
  const { parent, script, env, suite = surroundings.suite } = stages[name]
  const above = parent ? stageKey(parent, surroundings) : JSON.stringify({ ...surroundings, suite })
  const hash = createHash('sha256')
    .update(JSON.stringify([above, script, env ?? {}]))
    .digest('hex')
  return `${name}-${hash.slice(0, 12)}`
}
