#!/bin/sh
# Makes dumps of real domains: every declared/*.xml is defined by the libvirt in a Debian root, and started, paused, where
# emulation can. Needs root, unshare, iproute2. Nothing leaves its own mount, network and process namespaces.
#
#   debootstrap --variant=minbase --include=libvirt-daemon-system,libvirt-clients,qemu-system-x86,qemu-utils,ovmf,\
#     swtpm,swtpm-tools,dnsmasq-base,iptables,iproute2,procps bookworm ROOT MIRROR     (bullseye has no swtpm)
#   sh make.sh ROOT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ "${1:-}" != --inside ]; then
  exec unshare --mount --net --pid --ipc --uts --fork --kill-child sh "$here/make.sh" --inside "$(cd "$1" && pwd)"
fi
root=$2
work=$(mktemp -d)
mkdir "$work/upper" "$work/work" "$work/root"
trap 'umount -l "$work/root"; rm -rf "$work"' EXIT
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/upper,workdir=$work/work" "$work/root"
cd "$work/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs dev
for device in null zero random urandom full tty; do : > dev/$device; mount --bind /dev/$device dev/$device; done
mkdir -p dev/net dev/pts dev/shm
mknod dev/net/tun c 10 200
[ ! -c /dev/kvm ] || mknod dev/kvm c 10 232
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666,mode=620
ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs dev/shm
hostname dumps
ip link set lo up
ip route add 224.0.0.0/4 dev lo
ip link add br0 type bridge
ip link set br0 up
ip link add parent0 type dummy 2>/dev/null || ip link add parent0 type veth peer name parent1
ip link set parent0 up
printf 'cgroup_controllers = []\nsecurity_driver = "none"\nnamespaces = []\nuser = "root"\ngroup = "root"\nremember_owner = 0\nstdio_handler = "file"\nmemory_backing_dir = "/dev/shm"\n' >> etc/libvirt/qemu.conf
printf '%032d' 7 > etc/machine-id
printf 'host_uuid_source = "machine-id"\n' >> etc/libvirt/libvirtd.conf
cp -r "$here/declared" root/declared
cp "$here/inside.sh" root/inside.sh
mkdir -p root/out
chroot . /bin/sh /root/inside.sh
version=$(cat root/version)
out="$here/$version"
mkdir -p "$out"
rm -f "$out"/*
cp root/out/* "$out/"
