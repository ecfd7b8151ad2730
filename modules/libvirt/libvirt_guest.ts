import type { JsonObject } from '../../core/events/json.ts'
import { defineState } from '../../core/module/define.ts'
import { applyGuest } from './guest/apply.ts'
import { guestArgs } from './guest/args.ts'
import { diffGuest } from './guest/diff.ts'
import { probeGuest } from './guest/probe.ts'

export default defineState({
  name: 'libvirt_guest',
  summary:
    'Work on the disks of a guest that does not run, by libguestfs: looked into, folders listed, files in and out, customized, identity taken out.',
  description: `The disks of a running domain are never touched, not even to read; nor are images written to that others are on top of, or
whose guest was saved with its memory. The work is done on overlays, which are merged when all went well: of a failure the guest sees
nothing. The domains of this host are asked; against one that runs on another host, on a shared folder, QEMU's locks stand.

Files are compared by content. What virt-customize and virt-sysprep do cannot be compared: an empty file in the guest, below
\`/var/lib/virtfleet/done\`, says what was done, and it is done once. A Debian 12 without cloud-init makes
itself no new SSH host keys after sysprep: \`firstboot: ssh-keygen -A && systemctl restart ssh\`.

The host needs libguestfs-tools, and a kernel of which the
appliance is made (a container has none: \`linux-image-cloud-amd64\`). It starts in seconds; where it is emulated, half a minute goes
by for each look, and two or three minutes for a change.`,
  args: guestArgs,
  returns: {
    inspection:
      'With inspect: type, distro, version, hostname, arch, osinfo, package_format, mountpoints, filesystems …; null where there is no system (a failure where more is asked for).',
    free_space: 'With inspect: device, mountpoint, size, used, available of each mounted file system, in bytes.',
    listing:
      'With list: by folder, name and type (file, directory, link …) of each entry; null for a folder that is not there.',
    disks: 'The images.',
    done: 'Names of what was done once.',
  },
  examples: `- name: What is it, and is it full
  libvirt_guest:
    domain: web1
    inspect: true
  register: guest

- name: What lies in the image of a machine of VMware
  libvirt_guest:
    image: /srv/import/windows/windows.vmdk
    format: vmdk
    list: [/, /Users]
  register: guest

- name: Files, a name and a key, before its first boot
  libvirt_guest:
    domain: web2
    sysprep: true
    customize:
      hostname: web2
      timezone: Europe/Berlin
      ssh_keys: {root: "{{ lookup('file', '~/.ssh/id_ed25519.pub') }}"}
    copy_in:
      - {dest: /etc/motd, content: "This is web2\\n"}

- name: Its log, after it went down
  libvirt_guest:
    domain: web1
    copy_out:
      - {src: /var/log/syslog, dest: /root/web1-syslog}
`,
  wakes: true,
  shielded: true,
  touches: 'subject',
  probe: probeGuest,
  diff: diffGuest,
  apply: applyGuest,
  result({ answer, facts, stamps }, a): JsonObject {
    const found = answer.kind === 'answer' ? answer.value : undefined
    return {
      ...(a.domain !== undefined && { domain: a.domain }),
      disks: (found?.disks ?? []).map((disk) => ({ ...disk })),
      done: [...stamps],
      ...facts,
    }
  },
  why: (_state, a) => `${a.domain ?? a.image} has it all`,
})
