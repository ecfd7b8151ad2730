import { sh } from '../../core/connection/quote.ts'
import type { JsonObject } from '../../core/events/json.ts'
import { defineState } from '../../core/module/define.ts'
import { type Change, ModuleFailure, type Reader } from '../../core/module/types.ts'
import { applyContent, contentResult, diffContent, type FileState, probeContent } from '../files/content.ts'
import { type CloudInitArgs, cloudInitArgs } from './seed/cloud-args.ts'
import { cloudFiles } from './seed/cloud-files.ts'
import { seedDifferences } from './seed/differences.ts'
import { type SeedFile, seedImage } from './seed/image.ts'
import { readSeed } from './seed/read.ts'

interface State {
  readonly file: FileState
  readonly files: readonly SeedFile[]
  readonly instanceId: string
  /** What is there is an ISO image, which may be replaced and removed; false also where nothing is. */
  readonly isImage: boolean
}

/** Where the identifier of a volume descriptor is, and what it is (ECMA-119, 8.1). */
const IDENTIFIER = { at: 16 * 2048 + 1, text: 'CD001' }

async function probe(host: Reader, a: CloudInitArgs): Promise<State> {
  const { label, instanceId, files } = cloudFiles(a)
  const [file, start] = await Promise.all([
    probeContent(host, { path: a.dest, wanted: seedImage(label, files) }),
    host.read(
      sh`[ ! -f ${a.dest} ] || dd if=${a.dest} bs=1 skip=${IDENTIFIER.at} count=${IDENTIFIER.text.length} 2>/dev/null`,
    ),
  ])
  return { file, files, instanceId, isImage: start.stdout.toString('latin1') === IDENTIFIER.text }
}

function diff({ file, files, isImage }: State, a: CloudInitArgs): Change[] {
  const { entry, current } = file
  if (entry?.kind === 'file' && entry.size > 0 && !isImage)
    throw new ModuleFailure(`${a.dest} is not an ISO image, and is left alone`, { hint: 'give another dest' })
  if (a.state === 'present') {
    const note = seedDifferences(current && readSeed(current), files)
    return diffContent(file, a).map((change) => (change.path === 'content' ? { ...change, note } : change))
  }
  if (entry && entry.kind !== 'file') throw new ModuleFailure(`${a.dest} is a ${entry.kind}, not a file`)
  return entry ? [{ path: 'state', before: 'present', after: 'absent', effect: 'now' }] : []
}

export default defineState({
  name: 'cloud_init',
  summary: 'A seed for cloud-init (NoCloud): an ISO image that tells a guest who it is.',
  description: `The image is made on the controller and needs nothing on the host. The same content is the same bytes, so that a second
run changes nothing; a changed content gets a new instance id, unless one is given, and cloud-init runs anew at the guest's next boot.

Give it to the domain as a CD-ROM; \`seed\` of the shipped template puts it on virtio-scsi, as kernels made for clouds have no driver of
SATA. What a diff shows of a seed are checksums, and names of files and keys, never a value. A file at
\`dest\` that is no ISO image is neither replaced nor removed.`,
  args: cloudInitArgs,
  returns: {
    dest: 'Path of the image.',
    instance_id: 'What cloud-init takes for the identity of this seed.',
    files: 'Names of the files on it.',
    checksum: 'SHA-1 of the image.',
    size: 'Bytes of the image.',
  },
  examples: `- name: Who web1 is
  cloud_init:
    dest: /var/lib/libvirt/images/web1-seed.iso
    hostname: web1
    ssh_authorized_keys: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample admin@example.org
    user_data:
      package_update: true
      packages: [nginx]
    network_config:
      version: 2
      ethernets:
        lan:
          match: {macaddress: "52:54:00:12:34:56"}
          addresses: [192.0.2.10/24]
          routes: [{to: default, via: 192.0.2.1}]

- name: A user of our own instead of the image's
  cloud_init:
    dest: /var/lib/libvirt/images/db1-seed.iso
    hostname: db1
    users:
      - name: ops
        groups: [adm]
        sudo: ALL=(ALL) NOPASSWD:ALL
        ssh_authorized_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ops@example.org"]
`,
  probe,
  diff,
  async apply(host, a, state, changes) {
    const content = { ...a, unsafe_writes: false }
    if (a.state === 'present') return applyContent(host, state.file, content, changes)
    const done = await host.run(sh`rm -f -- ${a.dest}`)
    if (done.status !== 0) throw new ModuleFailure(done.stderr.toString().trim())
    return undefined
  },
  result({ file, files, instanceId }, a): JsonObject {
    if (a.state === 'absent') return { dest: a.dest, state: 'absent' }
    return { ...contentResult(file), instance_id: instanceId, files: files.map((one) => one.name).sort() }
  },
  why: (_state, a) => `${a.dest} has this content`,
})
