# Part of make.sh: runs in the root, in its own namespaces.
set -u
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
images=/var/lib/libvirt/images
mkdir -p $images/folder /var/lib/libvirt/qemu/nvram
cd $images
for name in a b; do
  qemu-img create -q -f qcow2 $name.qcow2 16M
  qemu-img create -q -f raw $name.raw 1M
done
cp a.raw a.iso
# As much of a kernel as QEMU looks at: the header of Linux' boot protocol.
dd if=/dev/zero of=kernel bs=1M count=1 2>/dev/null
put() { printf "$2" | dd of=kernel bs=1 seek="$1" conv=notrunc 2>/dev/null; }
put 497 '\001'
put 510 '\125\252'
put 514 'HdrS\014\002'
put 529 '\001'
put 556 '\377\377\377\177'
qemu-img create -q -f qcow2 -b $images/a.qcow2 -F qcow2 overlay.qcow2
cd /root
# Without hardware to virtualise on, domains of type kvm are started under emulation: libvirt does not see the difference.
mv /usr/bin/qemu-system-x86_64 /usr/bin/qemu-system-x86_64.real
cat > /usr/bin/qemu-system-x86_64 <<'X'
#!/bin/bash
emulate=no
for word; do case $word in guest=*) emulate=yes ;; esac; done
args=()
for word; do
  if [ $emulate = yes ]; then
    word=${word//accel=kvm/accel=tcg}
    case $word in kvm) word=tcg ;; host | host,*) word=max ;; esac
  fi
  args+=("$word")
done
exec /usr/bin/qemu-system-x86_64.real "${args[@]}"
X
chmod 755 /usr/bin/qemu-system-x86_64
# No udev here: somebody must make macvtap's devices.
(while :; do
  for number in /sys/class/net/*/tap*/dev; do
    [ -e "$number" ] || continue
    folder=${number%/dev}
    [ -e "/dev/${folder##*/}" ] || mknod "/dev/${folder##*/}" c $(tr : ' ' < "$number")
  done
  sleep 0.05
done) &
libvirtd -d || exit 1
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do virsh -q version >/dev/null 2>&1 && break; sleep 1; done
virsh -q version | sed -n 's/^Using library: libvirt //p' > version
virsh -q capabilities > capabilities.full
# Of the capabilities, machine types are what a comparison needs.
{
  echo '<capabilities>'
  for arch in x86_64; do
    echo "  <guest><arch name='$arch'>"
    awk -v arch="$arch" '/<arch name=/ { on = index($0, "\047" arch "\047") } on && /<machine canonical=/' capabilities.full | sort -u
    echo '  </arch></guest>'
  done
  echo '</capabilities>'
} > out/capabilities.xml
cat > net.xml <<X
<network><name>groups</name><bridge name='virbr7'/><ip address='192.0.2.1' netmask='255.255.255.0'/><portgroup name='slow'/></network>
X
virsh -q net-list --all --name | grep -qx default || virsh -q net-define /usr/share/libvirt/networks/default.xml || virsh -q net-define /etc/libvirt/qemu/networks/default.xml
virsh -q net-define net.xml
virsh -q net-start default
virsh -q net-start groups
echo "<network><name>bridged</name><forward mode='bridge'/><bridge name='br0'/></network>" > net.xml
virsh -q net-define net.xml
virsh -q net-start bridged
virsh -q pool-define-as images dir --target $images
virsh -q pool-start images
virsh -q vol-create-as images c.qcow2 16M --format qcow2
: > out/left-out.txt
leave_out() { sed 's/^error: Failed to [a-z]* domain.*//; s/^error: //; s/[0-9-]*T[0-9:.]*Z //g' log | tr -s '\n' ' ' | cut -c1-160 | sed "s/^ */$1: /; s/ *\$//" >> out/left-out.txt; }
for file in declared/*.xml; do
  shape=$(basename "$file" .xml)
  if ! virsh -q define --validate "$file" > log 2>&1; then
    leave_out "$shape defined"
    continue
  fi
  virsh -q dumpxml --inactive --security-info "$shape" > "out/$shape.inactive.xml"
  if timeout 60 virsh -q start --paused "$shape" > log 2>&1; then
    virsh -q dumpxml --security-info "$shape" > "out/$shape.live.xml"
    virsh -q destroy "$shape"
    # What libvirt makes of its own live dump, taken for a definition.
    virsh -q define "out/$shape.live.xml" > log 2>&1 && virsh -q dumpxml --inactive --security-info "$shape" > "again.$shape.xml"
  else
    leave_out "$shape started"
  fi
done
exit 0
