/** The same steps by hand, on the host: a disk, a definition and a start for each machine, where they are missing. */
export const batchScript = (machines: number, base: string, definition: string): string => `set -e
cd /var/lib/libvirt/images
cat >/tmp/definition.xml <<'END'
${definition.trim()}
END
i=1
while [ "$i" -le ${machines} ]; do
  name=m$i
  [ -e "$name.qcow2" ] || qemu-img create -q -f qcow2 -F qcow2 -b ${base} "$name.qcow2"
  if ! virsh dominfo "$name" >/dev/null 2>&1; then
    sed "s/@name@/$name/g" /tmp/definition.xml >"/tmp/$name.xml"
    virsh -q define "/tmp/$name.xml"
  fi
  [ "$(virsh domstate "$name")" = running ] || virsh -q start "$name"
  i=$((i + 1))
done
`
