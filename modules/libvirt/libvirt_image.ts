import type { JsonObject } from '../../core/events/json.ts'
import { defineState } from '../../core/module/define.ts'
import { describeEntry } from '../files/attributes.ts'
import { applyImage } from './image/apply.ts'
import { imageArgs } from './image/args.ts'
import { diffImage, whoNeeds } from './image/diff.ts'
import { probeImage } from './image/probe.ts'

export default defineState({
  name: 'libvirt_image',
  summary:
    'A base image by its checksum: fetched by the host or sent from the controller, verified, read-only, removed when unused.',
  description: `The host fetches a URL itself; what broke off is gone on with. An image gets its name when it is here whole, has the
checksum, and qemu-img finds nothing wrong with it, never before. It is read whole once; after that its inode, size and times say
whether it is still what it was.

An image that names another file (a backing file, a data file) is refused: with such an image, whoever has it as a disk reads files of
the host. An image that something needs is neither replaced nor removed; a new content gets a new path. The domains of this host are asked, and what
is in its pools and beside the image; where one of these folders or images cannot be looked into, it stays. Of a shared folder, overlays that lie elsewhere on another host are seen only while a QEMU has them open, and only by a removal.`,
  args: imageArgs,
  returns: {
    path: 'Path of the image.',
    checksum: 'Algorithm and checksum.',
    format: 'qcow2 or raw.',
    virtual_size: 'Bytes that a guest sees.',
    size: 'Bytes of the file.',
    needed_by: 'With state unused: why it stays.',
  },
  examples: `- name: The base image, by the checksum that the distribution publishes
  libvirt_image:
    path: /var/lib/libvirt/images/debian-12-20250101.qcow2
    url: https://cloud.debian.org/images/cloud/bookworm/20250101-1980/debian-12-generic-amd64-20250101-1980.qcow2
    checksum: sha512:https://cloud.debian.org/images/cloud/bookworm/20250101-1980/SHA512SUMS

- name: An image that we built
  libvirt_image:
    path: /var/lib/libvirt/images/golden-7.qcow2
    src: images/golden-7.qcow2
    format: qcow2

- name: The old one goes as soon as no machine is on top of it
  libvirt_image:
    path: /var/lib/libvirt/images/golden-6.qcow2
    state: unused
`,
  wakes: true,
  probe: probeImage,
  diff: diffImage,
  apply: (host, a, state, changes) =>
    applyImage(
      host,
      a,
      state,
      changes.some((one) => one.path === 'content'),
    ),
  result(state, a): JsonObject {
    const { found, wanted, users } = state
    if (!found) return { path: a.path, state: 'absent' }
    const needed = a.state === 'unused' ? whoNeeds(users) : undefined
    return {
      path: a.path,
      ...describeEntry(found.entry),
      ...(wanted && { checksum: `${wanted.algorithm}:${wanted.hex}` }),
      format: found.header.format,
      virtual_size: Number(found.header.virtualSize ?? found.entry.size),
      ...(needed !== undefined && { needed_by: needed }),
    }
  },
  why: (state, a) =>
    a.state === 'unused' && state.found ? `${a.path} stays: ${whoNeeds(state.users)}` : `${a.path} is as declared`,
})
