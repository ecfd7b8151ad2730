import type { JsonObject } from '../../core/events/json.ts'
import { readDomain } from '../../core/libvirt/xml/domain.ts'
import { defineState } from '../../core/module/define.ts'
import { applyInstall } from './install/apply.ts'
import { installArgs } from './install/args.ts'
import { diffInstall } from './install/diff.ts'
import { diskOf, probeInstall } from './install/probe.ts'

export default defineState({
  name: 'libvirt_install',
  summary:
    'A machine that an installer sets up: from a CD, an install tree, or a kernel with its initrd, with an answer file.',
  description: `The machine boots the installer; when that shuts down or reboots, the machine is off, and its next boot is from its disk.
Once there is a domain of that name, nothing is installed again.

A mark in the domain's metadata says how far it is. A run that was cut, or whose time was up, is gone on with by the next one: it waits for
the installer that is at work. What fails before the installer runs leaves nothing.`,
  args: installArgs,
  returns: {
    name: 'Name of the domain.',
    uuid: 'Its UUID.',
    state: 'running, shut off …; absent where there is none.',
    disk: 'Its image.',
    mac: 'MAC of its first interface.',
  },
  examples: `- name: Debian by network, with a preseed
  libvirt_install:
    name: deb1
    tree: https://deb.debian.org/debian/dists/bookworm/main/installer-amd64/current/images/netboot/debian-installer/amd64
    kernel: linux
    initrd: initrd.gz
    answer: {kind: preseed, src: deb1-preseed.cfg}
    disk_size: 20G

- name: Alma by network, with a kickstart
  libvirt_install:
    name: alma1
    tree: https://repo.almalinux.org/almalinux/9/BaseOS/x86_64/os
    answer: {kind: kickstart, src: alma1-ks.cfg}
    disk_size: 20G
    memory: 4GiB

- name: From a CD
  libvirt_install:
    name: ubuntu1
    iso: /var/lib/libvirt/images/ubuntu-24.04-live-server-amd64.iso
    answer: {kind: autoinstall, src: ubuntu1.yaml}
    disk_size: 30G
    memory: 4GiB
`,
  wakes: true,
  touches: 'subject',
  probe: probeInstall,
  diff: diffInstall,
  apply: applyInstall,
  result({ answer }, a): JsonObject {
    const host = answer.kind === 'answer' ? answer.value : undefined
    if (!host?.domain) return { name: a.name, state: 'absent' }
    const mac = readDomain(host.definition).nics[0]?.mac
    return { name: a.name, uuid: host.domain.uuid, state: host.domain.state, disk: diskOf(a), mac: mac ?? null }
  },
  why: (_state, a) => `${a.name} is there`,
})
